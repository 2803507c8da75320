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

// mailTimeout limits a request for the mail, in case the sandbox has stopped.
const mailTimeout = 10 * time.Second

// Mailbox returns a function for User.Code that returns the newest one-time code
// in a sandbox's mailbox. The page is the address that the sandbox prints,
// including its key. If transport is nil, http.DefaultTransport is used.
func Mailbox(page string, transport http.RoundTripper) func(ctx context.Context) (string, error) {
	client := &http.Client{Timeout: mailTimeout, Transport: transport}
	address := strings.Replace(page, "/mailbox?", "/mailbox.json?", 1)
	return func(ctx context.Context) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return "", fmt.Errorf("read mail: %w", err)
		}
		res, err := client.Do(req)
		if err != nil {
			return "", fmt.Errorf("read mail: %w", err)
		}
		defer res.Body.Close()
		var mail []struct{ Code string }
		if err := json.NewDecoder(io.LimitReader(res.Body, maxBytes)).Decode(&mail); err != nil {
			return "", fmt.Errorf("read mail: %w", err)
		}
		if len(mail) == 0 {
			return "", errors.New("read mail: the mailbox is empty")
		}
		return mail[0].Code, nil
	}
}
