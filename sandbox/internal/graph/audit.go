package graph

import (
	"cmp"
	"errors"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// recordToken records whose access token a request carries, and what it grants.
func (g *Graph) recordToken(record *audit.Record, claims map[string]any) {
	text := func(claim string) string {
		value, _ := claims[claim].(string)
		return value
	}
	record.Scopes(strings.Fields(text("scp"))...)
	g.Directory.View(func(d *directory.State) {
		if app, ok := d.Client(cmp.Or(text("azp"), text("appid"))); ok {
			record.Client(app.ID, app.Name)
		}
		if user, ok := d.UserByID(text("oid")); ok {
			record.User(user.Email)
		}
	})
}

// tokenProblem returns why an access token is not valid.
func tokenProblem(err error) string {
	if errors.Is(err, token.ErrExpired) {
		return "the access token has expired"
	}
	return "the access token is not a JWT with a valid signature of this tenant"
}
