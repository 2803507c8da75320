package obo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/pace"
)

// endpoint is a token endpoint that grants every exchange with a new token.
type endpoint struct {
	mu       sync.Mutex
	requests int
	lifetime time.Duration // of the tokens
	delay    time.Duration
	panics   bool
	client   bool   // it grants client credentials, whose responses have no scope
	refusal  string // the body of a 400 response instead of a token; empty for none
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	select {
	case <-time.After(e.delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if e.panics {
		panic("a bug")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests++
	status, body := http.StatusBadRequest, []byte(e.refusal)
	if e.refusal == "" {
		var err error
		status = http.StatusOK
		granted := map[string]any{
			"token_type":   "Bearer",
			"scope":        "https://graph.microsoft.com/User.ReadWrite",
			"access_token": fmt.Sprint("token ", e.requests),
			"expires_in":   int(e.lifetime.Seconds()),
		}
		if e.client {
			delete(granted, "scope")
		}
		if body, err = json.Marshal(granted); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(bytes.NewReader(body)),
		Request:    r,
	}, nil
}

func newExchanger(t *testing.T, e http.RoundTripper) *obo.Exchanger {
	t.Helper()
	const tid = "aaaabbbb-0000-4ccc-8111-dddd2222eeee"
	const origin = "https://" + tid + ".ciamlogin.com/" + tid
	credential, err := obo.Secret("secret", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	x, err := obo.New(obo.Config{
		Authority: authority.Authority{
			URL:                   origin,
			TenantID:              tid,
			Issuer:                origin + "/v2.0",
			AuthorizationEndpoint: origin + "/oauth2/v2.0/authorize",
			TokenEndpoint:         origin + "/oauth2/v2.0/token",
		},
		ClientID:   "66666666-7777-8888-9999-000000000000",
		Credential: credential,
		HTTP:       &http.Client{Transport: e},
		Scope:      "https://graph.microsoft.com/User.ReadWrite",
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func assertion(token string, lifetime time.Duration) obo.Assertion {
	return obo.Assertion{Token: token, Key: bounded.KeyOf(token), Expires: time.Now().Add(lifetime)}
}

func TestExchangerKeepsNoTokenLongerThanItsAssertion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, a := newExchanger(t, &endpoint{lifetime: time.Hour}), assertion("a.b.c", 20*time.Minute)
		for _, cached := range []bool{false, true, false} {
			got, err := x.Exchange(t.Context(), a)
			if err != nil || got.Cached != cached {
				t.Errorf("got %+v, %v, want cached %v", got, err, cached)
			}
			time.Sleep(8 * time.Minute)
		}
	})
}

func TestExchangerReusesATokenUntilShortlyBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{lifetime: time.Hour}
		x, a := newExchanger(t, e), assertion("a.b.c", 90*time.Minute)
		first, err := x.Exchange(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(55*time.Minute - time.Second)
		second, err := x.Exchange(t.Context(), a)
		if second.Token != first.Token || !second.Cached || err != nil {
			t.Errorf("a valid token was not reused: %+v, %v", second, err)
		}
		time.Sleep(2 * time.Second)
		// The user has been revoked in the meantime and is rejected from now on.
		e.refusal = `{"error":"invalid_grant","error_codes":[50173],"suberror":"bad_token"}`
		third, err := x.Exchange(t.Context(), a)
		if third.Cached || fault.As(err).Kind != fault.SignIn {
			t.Errorf("after the expiry: %+v, %v", third, err)
		}
	})
}

func TestExchangerSharesOneExchangeAmongConcurrentRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{lifetime: time.Hour, delay: time.Second}
		x, a := newExchanger(t, e), assertion("a.b.c", time.Hour)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if got, err := x.Exchange(t.Context(), a); err != nil || got.Token != "token 1" {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
		all.Wait()
		if e.requests != 1 {
			t.Errorf("%d exchanges", e.requests)
		}
	})
}

// TestExchangerKeepsUsersApart checks that tokens come from the cache of this
// package, even after the MSAL client that acquired them has been replaced.
func TestExchangerKeepsUsersApart(t *testing.T) {
	e := &endpoint{lifetime: time.Hour}
	x := newExchanger(t, e)
	const users = 350 // more than three MSAL clients serve
	tokens := map[string]string{}
	for round := range 2 {
		for i := range users {
			user := fmt.Sprintf("user.%d.x", i)
			got, err := x.Exchange(t.Context(), assertion(user, time.Hour))
			if err != nil || got.Cached != (round == 1) || round == 1 && got.Token != tokens[user] {
				t.Fatalf("%s in round %d: got %+v, %v", user, round, got, err)
			}
			tokens[user] = got.Token
		}
	}
	if e.requests != users {
		t.Errorf("%d exchanges for %d users", e.requests, users)
	}
}

func TestExchangerBlamesTheTenantForAnUnreadableRefusal(t *testing.T) {
	e := &endpoint{refusal: "<html>"}
	_, err := newExchanger(t, e).Exchange(t.Context(), assertion("a.b.c", time.Hour))
	if f := fault.As(err); f.Kind != fault.Unavailable || !strings.Contains(f.What, "HTTP status 400") {
		t.Errorf("got %v", err)
	}
}

// TestExchangerSurvivesCallersWhoDisconnect has callers who share an exchange that waits
// for its turn.
func TestExchangerSurvivesCallersWhoDisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{lifetime: time.Hour}
		pacer := pace.New(pace.Config{Rate: 1})
		x := newExchanger(t, pacer.Transport(e, nil))
		if _, err := x.Exchange(t.Context(), assertion("first", time.Hour)); err != nil {
			t.Fatal(err) // takes the turn of this second
		}
		a := assertion("a.b.c", time.Hour)
		a.User = "ada"
		var group sync.WaitGroup
		call := func(want string) (disconnect func()) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			group.Go(func() {
				got, err := x.Exchange(ctx, a)
				if got.Token != want || (want == "") != (err != nil) {
					t.Errorf("got %+v, %v; want %q", got, err, want)
				}
			})
			synctest.Wait()
			return cancel
		}
		one, two := call(""), call("")
		one()
		synctest.Wait()
		if pacer.Waiting() != 1 {
			t.Error("the exchange left although a caller waits for it")
		}
		two()
		synctest.Wait()
		if pacer.Waiting() != 0 {
			t.Error("the exchange waits although all callers have disconnected")
		}
		three := call("token 2") // makes the exchange for the one who stays
		defer call("token 2")()
		three()
		group.Wait()
		if e.requests != 2 {
			t.Errorf("%d exchanges", e.requests)
		}
	})
}

// TestExchangerStartsAgainForACallerWhoJoinsAnAbandonedExchange has a caller who arrives
// after the others have disconnected, but before their exchange has left the queue.
func TestExchangerStartsAgainForACallerWhoJoinsAnAbandonedExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{lifetime: time.Hour}
		x := newExchanger(t, pace.New(pace.Config{Rate: 1}).Transport(e, nil))
		if _, err := x.Exchange(t.Context(), assertion("first", time.Hour)); err != nil {
			t.Fatal(err)
		}
		a := assertion("a.b.c", time.Hour)
		leaving := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		slow := a
		slow.Idle = func() func() { return func() { <-leaving } }
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := x.Exchange(ctx, slow); !errors.Is(err, pace.ErrGone) {
				t.Errorf("the caller who disconnected: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		group.Go(func() {
			if got, err := x.Exchange(t.Context(), a); err != nil || got.Token != "token 2" {
				t.Errorf("the caller who joined: %+v, %v", got, err)
			}
		})
		synctest.Wait()
		close(leaving)
		group.Wait()
	})
}

// lateContext is a context that does not call its functions when it is done. A canceled
// context has not called them either for a moment.
type lateContext struct{ context.Context }

func (lateContext) AfterFunc(func()) (stop func() bool) { return func() bool { return true } }

// Value hides the parent, which would call them.
func (lateContext) Value(any) any { return nil }

func TestExchangerCountsACallerWhoDisconnectsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{lifetime: time.Hour}
		pacer := pace.New(pace.Config{Rate: 1})
		x := newExchanger(t, pacer.Transport(e, nil))
		if _, err := x.Exchange(t.Context(), assertion("first", time.Hour)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for _, ctx := range []context.Context{ctx, lateContext{ctx}} {
			group.Go(func() {
				if got, err := x.Exchange(ctx, assertion("a.b.c", time.Hour)); err == nil {
					t.Errorf("got %+v", got)
				}
			})
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		if pacer.Waiting() != 0 {
			t.Error("the exchange waits although all callers have disconnected")
		}
		group.Wait()
	})
}

func TestExchangerReportsAPanicToAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newExchanger(t, &endpoint{panics: true, delay: time.Second})
		a := assertion("a.b.c", time.Hour)
		var group sync.WaitGroup
		group.Go(func() {
			defer func() {
				if recover() == nil {
					t.Error("the first caller has no panic")
				}
			}()
			_, _ = x.Exchange(t.Context(), a)
		})
		synctest.Wait()
		group.Go(func() {
			if _, err := x.Exchange(t.Context(), a); fault.As(err).Kind != fault.Internal {
				t.Errorf("the second caller: %v", err)
			}
		})
		group.Wait()
	})
}

func TestExchangerCheckAcceptsATenantThatGrantsEveryExchange(t *testing.T) {
	if err := newExchanger(t, &endpoint{lifetime: time.Hour}).Check(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
}
