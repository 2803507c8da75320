package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// Control returns a handler by which another process manages the tenant and
// tells it what happens next: what the methods of Tenant do, as JSON over HTTP
// under /control/. Every request must carry key as its bearer token; without one
// the handler is closed. docs/sandbox.md lists the routes.
func (t *Tenant) Control(key string) http.Handler {
	m := http.NewServeMux()
	route := func(pattern string, answer func(*http.Request) (any, error)) {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { respond(w, r, answer) })
	}
	route("GET /control/facts", func(*http.Request) (any, error) { return t.facts, nil })
	route("GET /control/users", func(*http.Request) (any, error) { return t.users(), nil })
	route("POST /control/users", t.addUser)
	route("PATCH /control/users/{email}", t.changeUser)
	route("GET /control/apps", func(*http.Request) (any, error) { return t.apps(), nil })
	route("POST /control/apps", t.addApp)
	route("POST /control/apps/{id}/credentials", t.addCredential)
	route("PUT /control/apps/{id}/optional-claims", t.setOptionalClaims)
	route("GET /control/policy", func(*http.Request) (any, error) { return t.policy(), nil })
	route("PUT /control/policy", t.changePolicy)
	route("GET /control/mail", func(r *http.Request) (any, error) { return t.Mail(r.URL.Query().Get("to")), nil })
	route("GET /control/requests", func(*http.Request) (any, error) { return t.Requests(), nil })
	route("POST /control/faults", t.addFault)
	route("DELETE /control/faults", func(*http.Request) (any, error) { t.Recover(); return nil, nil })
	route("POST /control/clock", t.moveClock)
	route("POST /control/keys", func(*http.Request) (any, error) { return nil, t.RotateKeys() })
	route("POST /control/revoke", t.revoke)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if key == "" || !t.knownHost(r.Host) || subtle.ConstantTimeCompare([]byte(given), []byte(key)) != 1 {
			http.Error(w, "the key of this sandbox is missing", http.StatusForbidden)
			return
		}
		m.ServeHTTP(w, r)
	})
}

// errUnknown is the cause of a 404.
var errUnknown = errors.New("there is no such thing")

func respond(w http.ResponseWriter, r *http.Request, answer func(*http.Request) (any, error)) {
	const most = 1 << 20
	r.Body = http.MaxBytesReader(w, r.Body, most)
	result, err := answer(r)
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case errors.Is(err, errUnknown):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case result == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result) // a client that has gone is no error
	}
}

func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("read the request: more than one JSON value")
	}
	return nil
}

func (t *Tenant) users() []control.User {
	all := []control.User{}
	t.directory.View(func(d *directory.State) {
		for _, u := range d.Users {
			one := control.User{ID: u.ID, Email: u.Email, MFA: u.MFA}
			if name := u.Profile["displayName"]; name != nil {
				one.Name = *name
			}
			all = append(all, one)
		}
	})
	return all
}

func (t *Tenant) addUser(r *http.Request) (any, error) {
	var u control.User
	if err := decode(r, &u); err != nil {
		return nil, err
	}
	if !strings.Contains(u.Email, "@") {
		return nil, errors.New("the e-mail address is missing")
	}
	if u.Password == "" {
		u.Password = rand.Text()[:16]
	}
	if u.Name == "" {
		u.Name, _, _ = strings.Cut(u.Email, "@")
	}
	taken := false
	t.directory.View(func(d *directory.State) { _, taken = d.UserByEmail(u.Email) })
	if taken {
		return nil, fmt.Errorf("there is an account %s already", u.Email)
	}
	if err := t.AddUser(u.Email, u.Password, u.Name); err != nil {
		return nil, err
	}
	for property, value := range u.Profile {
		if err := t.SetProfile(u.Email, property, &value); err != nil {
			return nil, err
		}
	}
	if u.MFA {
		return u, t.setMFA(u.Email, true)
	}
	return u, nil
}

func (t *Tenant) changeUser(r *http.Request) (any, error) {
	var change control.UserChange
	if err := decode(r, &change); err != nil {
		return nil, err
	}
	email, err := url.PathUnescape(r.PathValue("email"))
	if err != nil {
		return nil, err
	}
	return nil, t.setMFA(email, change.MFA)
}

func (t *Tenant) setMFA(email string, on bool) error {
	return t.directory.Update(func(d *directory.State) error {
		u, ok := d.UserByEmail(email)
		if !ok {
			return fmt.Errorf("%w as the account %s", errUnknown, email)
		}
		u.MFA = on
		return nil
	})
}

func (t *Tenant) apps() []control.App {
	all := []control.App{}
	t.directory.View(func(d *directory.State) {
		for _, a := range d.Apps {
			all = append(all, control.App{ID: a.ID, Name: a.Name, Public: a.Public, RedirectURIs: a.RedirectURIs})
		}
	})
	return all
}

// addApp registers a client with consent for User.Read and the edit scope, as
// the how-to's web app has it.
func (t *Tenant) addApp(r *http.Request) (any, error) {
	var a control.App
	if err := decode(r, &a); err != nil {
		return nil, err
	}
	if a.Name == "" || len(a.RedirectURIs) == 0 {
		return nil, errors.New("an app needs a name and a redirect URI")
	}
	for _, uri := range a.RedirectURIs {
		u, err := url.Parse(uri)
		if err != nil || u.Host == "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost") {
			return nil, fmt.Errorf("the redirect URI %q is neither https nor http://localhost", uri)
		}
	}
	if a.ID == "" {
		a.ID = sts.NewID()
	}
	if !a.Public && a.Secret == "" {
		a.Secret = rand.Text()
	}
	return a, t.directory.Update(func(d *directory.State) error {
		if _, taken := d.AppByID(a.ID); taken {
			return fmt.Errorf("there is an app %s already", a.ID)
		}
		d.Apps = append(d.Apps, directory.App{
			ID: a.ID, Name: a.Name, Public: a.Public, RedirectURIs: a.RedirectURIs, Secret: a.Secret,
			Consents: map[string][]string{sts.GraphID: {"User.Read"}, d.Policy.Resource: {editScope}},
		})
		return nil
	})
}

func (t *Tenant) policy() control.Policy {
	var p control.Policy
	t.directory.View(func(d *directory.State) { p = control.Policy{ID: d.Policy.ID, On: d.Policy.On} })
	return p
}

func (t *Tenant) changePolicy(r *http.Request) (any, error) {
	var p control.Policy
	if err := decode(r, &p); err != nil {
		return nil, err
	}
	return nil, t.SetPolicy(p.On)
}

func (t *Tenant) addFault(r *http.Request) (any, error) {
	var f Fault
	if err := decode(r, &f); err != nil {
		return nil, err
	}
	t.FailNext(f)
	return nil, nil
}

func (t *Tenant) moveClock(r *http.Request) (any, error) {
	var move control.ClockChange
	if err := decode(r, &move); err != nil {
		return nil, err
	}
	by, err := time.ParseDuration(move.Forward)
	if err != nil {
		return nil, err
	}
	t.FastForward(by)
	return nil, nil
}

func (t *Tenant) revoke(r *http.Request) (any, error) {
	var who control.Revocation
	if err := decode(r, &who); err != nil {
		return nil, err
	}
	return nil, t.RevokeSessions(who.Email)
}
