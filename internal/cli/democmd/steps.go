package democmd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
)

// step is one step of the demo. It returns what it did, and the profile if it
// read one.
type step struct {
	name string
	take func(context.Context) (text string, shown json.RawMessage, err error)
}

func (d *demo) steps() []step {
	return []step{
		{"sign-in", d.signIn},
		{"show", d.show},
		{"edit-refused-without-mfa", d.refused},
		{"step-up", d.stepUp},
		{"edit", d.send},
		{"show-after", d.showAfter},
	}
}

func (d *demo) signIn(ctx context.Context) (string, json.RawMessage, error) {
	t, err := d.session.Auth.Interactive(ctx, auth.Request{Scopes: session.GraphScopes()})
	if err != nil {
		return "", nil, err
	}
	d.account = t.Account
	if d.robot != nil && !d.robot.TypedPassword() {
		return "", nil, unexpected("the sign-in asked for no password")
	}
	const text = "authorization code + PKCE on a loopback redirect; signed in as "
	return text + t.Account.Username, nil, nil
}

func (d *demo) show(ctx context.Context) (string, json.RawMessage, error) {
	me, err := d.session.Me(ctx, d.account)
	if err != nil {
		return "", nil, err
	}
	d.before = me
	name := me.Values()["displayName"]
	if name == nil {
		return "", nil, unexpected("the profile has no display name")
	}
	return fmt.Sprintf("GET /me with User.Read: the display name is %q", *name), me.Raw, nil
}

func (d *demo) refused(ctx context.Context) (string, json.RawMessage, error) {
	t, ch, err := d.session.Auth.Silent(ctx, d.account, d.editScopes(), nil)
	switch {
	case err != nil:
		return "", nil, err
	case ch == nil || t.Access != "":
		return "", nil, unexpected("the tenant issued a token for the edit without a second factor")
	}
	var claims struct {
		Access map[string]any `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(ch.Claims), &claims); err != nil || len(claims.Access) == 0 {
		return "", nil, unexpected("the claims challenge has no claims")
	}
	d.challenge = ch
	names := slices.Sorted(maps.Keys(claims.Access))
	const text = "the policy requires a second factor for the edit scope: AADSTS50076 with the claims challenge "
	return text + strings.Join(names, ", "), nil, nil
}

func (d *demo) stepUp(ctx context.Context) (string, json.RawMessage, error) {
	t, err := d.session.Auth.Interactive(ctx, auth.Request{
		Scopes:    d.editScopes(),
		Account:   &d.account,
		Challenge: d.challenge,
	})
	if err != nil {
		return "", nil, err
	}
	d.token = t
	if d.robot != nil && !d.robot.TypedCode() {
		return "", nil, unexpected("the step-up asked for no one-time code")
	}
	return "claims forwarded; the one-time code from the mailbox; the same account", nil, nil
}

func (d *demo) send(ctx context.Context) (string, json.RawMessage, error) {
	d.change = profile.Change{}
	if err := d.change.Set("displayName", newName(d.before)); err != nil {
		return "", nil, err
	}
	ch, err := d.session.MidTier.Update(ctx, d.token.Access, d.change)
	if err != nil {
		return "", nil, err
	}
	if ch != nil {
		return "", nil, unexpected("the mid-tier requires yet another sign-in")
	}
	return "POST /updateUserInfo: token verified, exchanged On-Behalf-Of, PATCH /me, 204", nil, nil
}

func (d *demo) showAfter(ctx context.Context) (string, json.RawMessage, error) {
	seen, err := d.session.ReadBack(ctx, d.account, profile.BuiltIn(), d.change)
	if err != nil {
		return "", nil, err
	}
	if !seen {
		return "", nil, unexpected("Microsoft Graph never returned the new value")
	}
	me, err := d.session.Me(ctx, d.account)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("the display name is now %q", *me.Values()["displayName"]), me.Raw, nil
}

func (d *demo) editScopes() []string { return []string{d.session.Settings.Text("edit-scope")} }

// newName returns a display name that differs from the current one.
func newName(me graph.Profile) string {
	const name = "Ada Lovelace"
	if current := me.Values()["displayName"]; current != nil && *current == name {
		return "Grace Hopper"
	}
	return name
}

// unexpected is the fault of a step with another result than the demo describes.
func unexpected(what string) error {
	return &fault.Error{Kind: fault.Internal, What: what, Next: fault.DoReport}
}
