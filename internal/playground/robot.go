package playground

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// ErrPages is the cause of a journey that a sign-in page ended.
var ErrPages = errors.New("the robot cannot complete the sign-in pages")

// Robot fills in the sign-in pages as the seeded user. All its sign-ins share one
// browser, so that a later one finds the session of the first. It is not safe for
// concurrent use.
type Robot struct {
	playground *Playground
	failed     func(error)
	browser    *robot.Browser // nil before the first Open
	done       chan struct{}  // closed when the last Open has ended
}

// NewRobot returns a robot. failed is called with an error that wraps ErrPages if
// the robot cannot complete a page: the caller that waits for the redirect would
// otherwise wait until its timeout.
func (p *Playground) NewRobot(failed func(error)) *Robot {
	return &Robot{playground: p, failed: failed}
}

// Open completes the pages in the background: like any browser, it returns before
// the redirect.
func (r *Robot) Open(ctx context.Context, address string) error {
	if r.browser == nil {
		browser, err := robot.New(robot.User{
			Email:    r.playground.Facts.User,
			Password: r.playground.Facts.Password,
			Code:     r.code,
		}, r.playground.Transport)
		if err != nil {
			return err
		}
		r.browser = browser
	}
	done := make(chan struct{})
	r.done = done
	go func() {
		defer close(done)
		if page, err := r.browser.Open(ctx, address); err != nil || page.Status != http.StatusOK {
			r.failed(errors.Join(ErrPages, err))
		}
	}()
	return nil
}

// code returns the newest one-time code in the mailbox.
func (r *Robot) code(context.Context) (string, error) {
	mail := r.playground.Tenant.Mail(r.playground.Facts.User)
	if len(mail) == 0 {
		return "", errors.New("the mailbox is empty")
	}
	return mail[0].Code, nil
}

// TypedPassword reports whether a page has asked for the password so far.
func (r *Robot) TypedPassword() bool { return r.filled("sign-in") }

// TypedCode reports whether a page has asked for a one-time code so far.
func (r *Robot) TypedCode() bool { return r.filled("code-form") }

func (r *Robot) filled(form string) bool {
	<-r.done
	return slices.Contains(r.browser.Forms, form)
}
