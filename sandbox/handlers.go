package sandbox

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// controlAddUser adds an account and returns it with its id and its password.
func (t *Tenant) controlAddUser(r *http.Request) (any, error) {
	u, err := decode[control.User](r)
	if err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(u.Email, "@")
	u.ID = cmp.Or(u.ID, directory.NewID())
	u.Password = cmp.Or(u.Password, newPassword())
	u.Name = cmp.Or(u.Name, name)
	return u, t.addUser(u)
}

func (t *Tenant) controlChangeUser(r *http.Request) (any, error) {
	change, err := decode[control.UserChange](r)
	if err != nil {
		return nil, err
	}
	return nil, t.ChangeUser(r.PathValue("email"), change)
}

func (t *Tenant) controlRemoveUser(r *http.Request) (any, error) {
	return nil, t.RemoveUser(r.PathValue("email"))
}

// controlResetPassword gives an account a new password and returns it.
func (t *Tenant) controlResetPassword(r *http.Request) (any, error) {
	reset, err := decode[control.PasswordReset](r)
	if err != nil {
		return nil, err
	}
	reset.Password, err = t.ResetPassword(r.PathValue("email"), reset.Password)
	return reset, err
}

// controlAddAttribute adds a custom attribute and returns it with its property.
func (t *Tenant) controlAddAttribute(r *http.Request) (any, error) {
	a, err := decode[control.Attribute](r)
	if err != nil {
		return nil, err
	}
	return t.AddAttribute(a)
}

func (t *Tenant) controlChangeApp(r *http.Request) (any, error) {
	change, err := decode[control.AppChange](r)
	if err != nil {
		return nil, err
	}
	return nil, t.ChangeApp(r.PathValue("id"), change)
}

func (t *Tenant) controlRemoveApp(r *http.Request) (any, error) {
	return nil, t.RemoveApp(r.PathValue("id"))
}

func (t *Tenant) controlRevoke(r *http.Request) (any, error) {
	revocation, err := decode[control.Revocation](r)
	if err != nil {
		return nil, err
	}
	return nil, t.RevokeSessions(revocation.Email)
}

// controlAddApp registers an app and returns it with its client id and secret.
func (t *Tenant) controlAddApp(r *http.Request) (any, error) {
	a, err := decode[control.App](r)
	if err != nil {
		return nil, err
	}
	return t.AddApp(a)
}

// controlAddCredential registers a certificate or a federated credential.
func (t *Tenant) controlAddCredential(r *http.Request) (any, error) {
	c, err := decode[control.Credential](r)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(c.Certificate + c.Key))
	switch {
	case block != nil && c.Certificate != "" && block.Type == "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("invalid certificate: %w", err)
		}
		return nil, t.AddCertificate(r.PathValue("id"), certificate)
	case block != nil && c.Issuer != "" && c.Subject != "" && block.Type == "PUBLIC KEY":
		return nil, t.TrustWorkload(r.PathValue("id"), c.Issuer, c.Subject, []byte(c.Key))
	}
	return nil, errors.New("a credential is either a certificate in PEM, " +
		"or an issuer, a subject and the issuer's public key in PEM")
}

func (t *Tenant) controlReplaceSecret(r *http.Request) (any, error) {
	return t.ReplaceSecret(r.PathValue("id"))
}

func (t *Tenant) controlSetPermissions(r *http.Request) (any, error) {
	permissions, err := decode[[]string](r)
	if err != nil {
		return nil, err
	}
	return nil, t.SetPermissions(r.PathValue("id"), permissions...)
}

func (t *Tenant) controlSetOptionalClaims(r *http.Request) (any, error) {
	names, err := decode[[]string](r)
	if err != nil {
		return nil, err
	}
	return nil, t.SetOptionalClaims(r.PathValue("id"), names...)
}

func (t *Tenant) controlSetIDTokenClaims(r *http.Request) (any, error) {
	names, err := decode[[]string](r)
	if err != nil {
		return nil, err
	}
	return nil, t.SetIDTokenClaims(r.PathValue("id"), names...)
}

func (t *Tenant) controlAddPolicy(r *http.Request) (any, error) {
	p, err := decode[control.Policy](r)
	if err != nil {
		return nil, err
	}
	return t.AddPolicy(p)
}

func (t *Tenant) controlSwitchPolicy(r *http.Request) (any, error) {
	change, err := decode[control.PolicyChange](r)
	if err != nil {
		return nil, err
	}
	return nil, t.SwitchPolicy(r.PathValue("id"), change.On)
}

func (t *Tenant) controlRemovePolicy(r *http.Request) (any, error) {
	return nil, t.RemovePolicy(r.PathValue("id"))
}

func (t *Tenant) controlSetPolicy(r *http.Request) (any, error) {
	change, err := decode[control.PolicyChange](r)
	if err != nil {
		return nil, err
	}
	return nil, t.SetPolicy(change.On)
}

func (t *Tenant) controlFailNext(r *http.Request) (any, error) {
	f, err := decode[Fault](r)
	if err != nil {
		return nil, err
	}
	if err := checkFault(f); err != nil {
		return nil, err
	}
	t.FailNext(f)
	return nil, nil
}

func (t *Tenant) controlChangeClock(r *http.Request) (any, error) {
	c, err := decode[control.ClockChange](r)
	if err != nil {
		return nil, err
	}
	amount := cmp.Or(c.Forward, c.Back, "0s")
	d, err := time.ParseDuration(amount)
	if err != nil {
		return nil, fmt.Errorf("%q is not a duration such as 2h or 90m", amount)
	}
	invalid := errors.New("a clock change is one of forward, back, set, freeze and reset")
	switch c {
	case control.ClockChange{}:
		return nil, invalid
	case control.ClockChange{Forward: c.Forward}:
		t.FastForward(d)
	case control.ClockChange{Back: c.Back}:
		t.FastForward(-d)
	case control.ClockChange{Set: c.Set}:
		t.SetClock(c.Set)
	case control.ClockChange{Freeze: true}:
		t.FreezeClock()
	case control.ClockChange{Reset: true}:
		t.ResetClock()
	default:
		return nil, invalid
	}
	return nil, nil
}

// controlMail returns the emails to an address, or waits for the next one.
func (t *Tenant) controlMail(r *http.Request) (any, error) {
	q := r.URL.Query()
	after, wait, err := waitQuery(q)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(wait, maxWait))
	defer cancel()
	return t.WaitForMail(ctx, q.Get("to"), after), nil
}

// controlExport returns the tenant as YAML, with its keys if the query says so.
func (t *Tenant) controlExport(r *http.Request) (any, error) {
	keys := r.URL.Query().Get("keys")
	if keys != "" && keys != "true" && keys != "false" {
		return nil, fmt.Errorf("keys must be true or false, not %q", keys)
	}
	raw, err := t.Export(keys == "true")
	return yamlText(raw), err
}

// controlFile makes the handler of a request whose body is a seed or an exported
// tenant.
func controlFile(use func([]byte) error) controlHandler {
	return func(r *http.Request) (any, error) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("invalid request: %w", err)
		}
		return nil, use(raw)
	}
}
