// Package user plays the user of a sandbox at a browser, for measurements.
package user

import (
	"context"
	"os"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// Browse opens the page at address and signs in the user of the sandbox that the
// environment describes.
func Browse(address string) error {
	browser, err := robot.New(robot.User{
		Email:    os.Getenv("SANDBOX_USER"),
		Password: os.Getenv("SANDBOX_PASSWORD"),
		Code:     robot.Mailbox(os.Getenv("SANDBOX_MAILBOX"), nil),
	}, nil)
	if err != nil {
		return err
	}
	_, err = browser.Open(context.Background(), address)
	return err
}
