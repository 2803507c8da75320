// Package person is the sandbox's user at a browser, for measurements.
package person

import (
	"context"
	"os"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// Browse signs the sandbox's user in at a page; the sandbox is the one in the
// environment.
func Browse(address string) error {
	browser, err := robot.New(robot.Person{Email: os.Getenv("SANDBOX_USER"), Password: os.Getenv("SANDBOX_PASSWORD"), Code: robot.Mailbox(os.Getenv("SANDBOX_MAILBOX"))}, nil)
	if err != nil {
		return err
	}
	_, err = browser.Open(context.Background(), address)
	return err
}
