package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// Fault describes one failure that the tenant is told to produce.
type Fault = control.Fault

// Request describes a request that the tenant received, without its secrets.
type Request = control.Request

// mostRequests bounds what Requests remembers.
const mostRequests = 10_000

// FailNext makes the next request to the fault's part fail so.
func (t *Tenant) FailNext(f Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, f)
}

// Recover forgets the faults that have not happened yet.
func (t *Tenant) Recover() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
}

// FastForward moves the tenant's clock, also back.
func (t *Tenant) FastForward(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skew += d
}

// Requests returns what the tenant was asked, the oldest first.
func (t *Tenant) Requests() []Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Request(nil), t.requests...)
}

// Message represents an email that the tenant would have sent.
type Message = control.Message

// Mail returns what was "sent" to an address, the newest first; to everybody,
// for an empty one.
func (t *Tenant) Mail(to string) []Message { return t.sts.Mail(to) }

// AddUser makes a customer account with a display name.
func (t *Tenant) AddUser(email, password, displayName string) error {
	hash, err := directory.Hash(password, t.config.rounds())
	if err != nil {
		return err
	}
	return t.directory.Update(func(d *directory.State) error {
		d.Users = append(d.Users, directory.User{
			ID: sts.NewID(), Email: email, Password: hash, Created: t.now(), Profile: map[string]*string{"displayName": &displayName},
		})
		return nil
	})
}

// SetPolicy switches the Conditional Access policy on or off.
func (t *Tenant) SetPolicy(on bool) error {
	return t.directory.Update(func(d *directory.State) error { d.Policy.On = on; return nil })
}

// SetConsent grants the mid-tier its permission for Graph, or takes it away:
// the step that the official quickstart leaves out.
func (t *Tenant) SetConsent(granted bool) error {
	return t.directory.Update(func(d *directory.State) error {
		for i := range d.Apps {
			if len(d.Apps[i].Scopes) > 0 {
				d.Apps[i].Consents = map[string][]string{}
				if granted {
					d.Apps[i].Consents[sts.GraphID] = []string{"User.ReadWrite"}
				}
			}
		}
		return nil
	})
}

// RevokeSessions ends every sign-in of a user, as a new password does.
func (t *Tenant) RevokeSessions(email string) error {
	return t.directory.Update(func(d *directory.State) error {
		if u, ok := d.UserByEmail(email); ok {
			u.NotBefore = t.now()
		}
		for id, family := range d.Families {
			if u, ok := d.UserByEmail(email); ok && family.User == u.ID {
				family.Revoked = true
				d.Families[id] = family
			}
		}
		return nil
	})
}

// RotateKeys makes the published next key the signing one, publishes a new
// next, and keeps the old one published for tokens that are out.
func (t *Tenant) RotateKeys() error {
	fresh, err := token.NewKeys(1)
	if err != nil {
		return err
	}
	return t.directory.Update(func(d *directory.State) error {
		d.Keys = []directory.Key{d.Keys[1], fresh[0], d.Keys[0]}
		return nil
	})
}

// SetProfile changes one property of a user's profile, as an administrator does;
// nil removes it.
func (t *Tenant) SetProfile(email, property string, value *string) error {
	return t.directory.Update(func(d *directory.State) error {
		u, ok := d.UserByEmail(email)
		if !ok {
			return fmt.Errorf("set profile: there is no user %s", email)
		}
		u.Profile[property] = value
		return nil
	})
}

// Profile returns a user's profile as the directory has it, without read lag.
func (t *Tenant) Profile(email string) map[string]*string {
	profile := map[string]*string{}
	t.directory.View(func(d *directory.State) {
		if u, ok := d.UserByEmail(email); ok {
			maps.Copy(profile, u.Profile)
		}
	})
	return profile
}

// guard stands before both handlers: it answers only to the tenant's own host
// names, so that a page elsewhere cannot reach it under a name of its own (DNS
// rebinding), keeps the request log, and carries out the faults.
func (t *Tenant) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !t.knownHost(r.Host) {
			http.Error(w, "this sandbox is not known under that name", http.StatusMisdirectedRequest)
			return
		}
		part := part(r.URL.Path)
		seen := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer t.note(r, part, seen)
		if f, found := t.nextFault(part); found && !t.carryOut(f, seen, r, next) {
			return
		}
		next.ServeHTTP(seen, r)
	})
}

func (t *Tenant) knownHost(host string) bool {
	host = strings.ToLower(host)
	for _, origin := range []string{t.config.APIAddress, t.config.PagesAddress} {
		_, known, _ := strings.Cut(origin, "://")
		if known == "" {
			continue
		}
		_, port, _ := net.SplitHostPort(known)
		if host == known || slices.Contains([]string{"localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port}, host) {
			return true
		}
	}
	host, _, _ = strings.Cut(host, ":")
	return host == t.facts.TenantID+".ciamlogin.com" || host == t.facts.Subdomain+".ciamlogin.com" || host == "graph.microsoft.com"
}

// part names the part of the tenant that a path belongs to.
func part(path string) string {
	switch {
	case strings.HasPrefix(path, "/v1.0/"):
		return "graph"
	case strings.HasSuffix(path, "/openid-configuration"):
		return "discovery"
	case strings.HasSuffix(path, "/discovery/v2.0/keys"):
		return "keys"
	case strings.HasSuffix(path, "/token"), strings.HasSuffix(path, "/devicecode"):
		return "token"
	}
	return "pages"
}

func (t *Tenant) nextFault(part string) (Fault, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, f := range t.faults {
		if f.Part == "" || f.Part == part {
			t.faults = append(t.faults[:i:i], t.faults[i+1:]...)
			return f, true
		}
	}
	return Fault{}, false
}

// carryOut does what the fault says and tells whether the true answer follows.
func (t *Tenant) carryOut(f Fault, w *recorder, r *http.Request, next http.Handler) bool {
	if f.Delay > 0 && !sleep(r.Context(), f.Delay) {
		return false
	}
	switch {
	case f.Reset:
		panic(http.ErrAbortHandler)
	case f.Cut:
		cut(w, r, next)
	case f.Status != 0:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // a client that has gone is no error
	default:
		return true
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// cut sends the first half of the true answer and drops the connection.
func cut(w *recorder, r *http.Request, next http.Handler) {
	whole := &memory{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(whole, r)
	maps.Copy(w.Header(), whole.header)
	w.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
	w.WriteHeader(whole.status)
	_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// note keeps the request log.
func (t *Tenant) note(r *http.Request, part string, w *recorder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests = append(t.requests, Request{
		Method: r.Method, Path: r.URL.Path, Part: part, Status: w.status, Grant: r.PostForm.Get("grant_type"),
	})
	if extra := len(t.requests) - mostRequests; extra > 0 {
		t.requests = t.requests[extra:]
	}
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// memory is an answer that stays here.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the answer's header.
func (m *memory) Header() http.Header { return m.header }

// WriteHeader notes the status.
func (m *memory) WriteHeader(status int) { m.status = status }

// Write keeps the body.
func (m *memory) Write(p []byte) (int, error) { return m.body.Write(p) }
