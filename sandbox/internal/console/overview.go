package console

import (
	"net/http"
	"slices"

	"github.com/profilectl/profilectl/sandbox/control"
)

// maxRecent is the number of refusals that the overview shows.
const maxRecent = 5

func (c *Console) overviewScreen() screen {
	return screen{template: "overview", section: "overview", title: "Overview", load: c.overview}
}

// overview is the data of the first page.
type overview struct {
	Facts      control.Facts
	Clock      control.Clock
	Users      int
	Apps       int
	Policies   int
	PoliciesOn int
	Mail       int
	Faults     int
	Refused    []control.AuditEntry // the latest, newest first
}

func (c *Console) overview(r *http.Request) (any, error) {
	var o overview
	ctx := r.Context()
	facts, err := c.Control.Facts(ctx)
	if err != nil {
		return nil, err
	}
	users, err := c.Control.Users(ctx)
	if err != nil {
		return nil, err
	}
	apps, err := c.Control.Apps(ctx)
	if err != nil {
		return nil, err
	}
	mail, err := c.Control.Mail(ctx, "")
	if err != nil {
		return nil, err
	}
	o.Facts, o.Users, o.Apps, o.Mail = facts, len(users), len(apps), len(mail)
	err = c.overviewState(r, &o)
	return o, err
}

// overviewState fills in what changes while the tenant runs.
func (c *Console) overviewState(r *http.Request, o *overview) error {
	ctx := r.Context()
	policies, err := c.Control.Policies(ctx)
	if err != nil {
		return err
	}
	faults, err := c.Control.Faults(ctx)
	if err != nil {
		return err
	}
	entries, err := c.Control.Audit(ctx, 0, 0)
	if err != nil {
		return err
	}
	o.Policies, o.Faults = len(policies), len(faults)
	for _, p := range policies {
		if p.On {
			o.PoliciesOn++
		}
	}
	for _, e := range slices.Backward(entries) {
		if len(o.Refused) < maxRecent && e.Decision == control.Refused {
			o.Refused = append(o.Refused, e)
		}
	}
	o.Clock, err = c.Control.Clock(ctx)
	return err
}

func (c *Console) mailScreen() screen {
	return screen{template: "mail", section: "mail", title: "Mail", load: func(r *http.Request) (any, error) {
		return c.Control.Mail(r.Context(), "")
	}}
}
