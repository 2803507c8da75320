// Package person is the sandbox's user at a browser, for measurements.
package person

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// Browse signs the sandbox's user in at a page; the sandbox is the one in the
// environment.
func Browse(address string) error {
	browser, err := robot.New(robot.Person{Email: os.Getenv("SANDBOX_USER"), Password: os.Getenv("SANDBOX_PASSWORD"), Code: newestCode}, nil)
	if err != nil {
		return err
	}
	_, err = browser.Open(context.Background(), address)
	return err
}

// newestCode reads the mail box.
func newestCode(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(os.Getenv("SANDBOX_MAILBOX"), "/mailbox?", "/mailbox.json?", 1), nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var mail []struct{ Code string }
	if err := json.NewDecoder(res.Body).Decode(&mail); err != nil || len(mail) == 0 {
		return "", errors.Join(errors.New("no mail"), err)
	}
	return mail[0].Code, nil
}
