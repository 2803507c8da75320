package auth_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// splitTransport sends the loopback redirect over the network, and all other
// requests to the tenant in memory.
type splitTransport struct{ tenant *sandbox.Tenant }

func (s splitTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Hostname() == "localhost" {
		return http.DefaultTransport.RoundTrip(req)
	}
	return s.tenant.Client().Transport.RoundTrip(req)
}

// world is a tenant and a user who is signed out.
type world struct {
	tenant  *sandbox.Tenant
	http    *http.Client // that the client uses
	client  *auth.Client
	user    robot.User
	browser *robot.Browser // created by the first sign-in; keeps its cookies
	closed  chan struct{}  // closed when the browser has shown its last page
	page    robot.Page     // the last page
}

func newWorld(t *testing.T, config sandbox.Config) *world {
	t.Helper()
	config.QuickPasswords = true
	tenant, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	facts := tenant.Facts()
	w := &world{tenant: tenant, http: tenant.Client()}
	w.user = robot.User{
		Email:    facts.User,
		Password: facts.Password,
		Code:     func(context.Context) (string, error) { return tenant.Mail("")[0].Code, nil },
	}
	w.configure(t, func(c *auth.Config) { c.Open = w.open(t) })
	return w
}

// configure replaces the client by one with another configuration and an empty
// store.
func (w *world) configure(t *testing.T, change func(*auth.Config)) {
	t.Helper()
	form, err := authority.Parse("contoso")
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Discover(t.Context(), w.tenant.Client(), form)
	if err != nil {
		t.Fatal(err)
	}
	config := auth.Config{
		Authority: a,
		ClientID:  w.tenant.Facts().ClientID,
		Store:     tokenstore.Memory(),
		HTTP:      w.http,
		Log:       slog.New(slog.DiscardHandler),
	}
	change(&config)
	w.client, err = auth.New(config)
	if err != nil {
		t.Fatal(err)
	}
}

// open returns a Config.Open in which the user signs in.
func (w *world) open(t *testing.T) func(context.Context, auth.Page) error {
	return func(ctx context.Context, p auth.Page) error {
		if w.browser == nil {
			browser, err := robot.New(w.user, splitTransport{w.tenant})
			if err != nil {
				return err
			}
			w.browser = browser
		}
		closed := make(chan struct{})
		w.closed = closed
		t.Cleanup(func() { <-closed })
		go func() {
			defer close(closed)
			page, err := w.browser.Open(ctx, p.URL)
			if err != nil && ctx.Err() == nil {
				t.Errorf("browser: %v", err)
			}
			w.page = page
		}()
		return nil
	}
}

// readScope requests a token of Microsoft Graph.
func readScope() auth.Request { return auth.Request{Scopes: []string{"User.Read"}} }
