package robot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// mailLimit ends a request to a mail box that is gone.
const mailLimit = 10 * time.Second

// Mailbox reads the newest code of a sandbox's mail box page, for Person.Code.
// It follows the page's address as the sandbox prints it, with its key.
func Mailbox(page string) func(ctx context.Context) (string, error) {
	client := &http.Client{Timeout: mailLimit}
	return func(ctx context.Context) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(page, "/mailbox?", "/mailbox.json?", 1), nil)
		if err != nil {
			return "", fmt.Errorf("read mail: %w", err)
		}
		res, err := client.Do(req)
		if err != nil {
			return "", fmt.Errorf("read mail: %w", err)
		}
		defer res.Body.Close()
		var mail []struct{ Code string }
		if err := json.NewDecoder(io.LimitReader(res.Body, mostPage)).Decode(&mail); err != nil {
			return "", fmt.Errorf("read mail: %w", err)
		}
		if len(mail) == 0 {
			return "", errors.New("read mail: no message has come")
		}
		return mail[0].Code, nil
	}
}
