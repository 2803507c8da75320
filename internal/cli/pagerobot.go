package cli

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// pageRobot does the sign-in pages in the person's place. It has one browser
// for the whole journey, so that the second sign-in finds the session of the
// first.
type pageRobot struct {
	stage   *stage
	stuck   context.CancelCauseFunc // ends the journey when a page goes wrong
	browser *robot.Browser
	done    chan struct{} // closed when the last page is there
}

func newPageRobot(s *stage, stuck context.CancelCauseFunc) *pageRobot {
	return &pageRobot{stage: s, stuck: stuck}
}

// errPages says that the robot could not do the pages.
var errPages = errors.New("the sign-in pages cannot be done")

// open does the pages in the background: the caller waits for the answer on the
// redirect URI, as with any browser.
func (p *pageRobot) open(ctx context.Context, address string) error {
	if p.browser == nil {
		facts := p.stage.facts
		browser, err := robot.New(robot.Person{
			Email: facts.User, Password: facts.Password,
			Code: func(context.Context) (string, error) {
				mail := p.stage.tenant.Mail(facts.User)
				if len(mail) == 0 {
					return "", errors.New("the mail box is empty")
				}
				return mail[0].Code, nil
			},
		}, nil)
		if err != nil {
			return err
		}
		p.browser = browser
	}
	done := make(chan struct{})
	p.done = done
	go func() {
		defer close(done)
		if page, err := p.browser.Open(ctx, address); err != nil || page.Status != http.StatusOK {
			p.stuck(errors.Join(errPages, err))
		}
	}()
	return nil
}

// typedPassword and typedCode tell what the pages asked for so far.
func (p *pageRobot) typedPassword() bool { return p.used("sign-in") }
func (p *pageRobot) typedCode() bool     { return p.used("code-form") }

func (p *pageRobot) used(form string) bool {
	<-p.done
	return slices.Contains(p.browser.Forms, form)
}
