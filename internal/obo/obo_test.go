package obo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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
)

// endpoint is a token endpoint that answers every exchange with a new token.
type endpoint struct {
	mu     sync.Mutex
	asked  int
	life   time.Duration // of the tokens
	delay  time.Duration
	refuse string // in place of a token
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
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	status, body := http.StatusOK, []byte(e.refuse)
	if e.refuse != "" {
		status = http.StatusBadRequest
	} else {
		var err error
		if body, err = json.Marshal(map[string]any{"token_type": "Bearer", "scope": "https://graph.microsoft.com/User.ReadWrite", "access_token": fmt.Sprint("token ", e.asked), "expires_in": int(e.life.Seconds())}); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

func newExchanger(t *testing.T, e *endpoint) *obo.Exchanger {
	t.Helper()
	const tid = "aaaabbbb-0000-4ccc-8111-dddd2222eeee"
	url := "https://" + tid + ".ciamlogin.com/" + tid
	credential, err := obo.Secret("secret")
	if err != nil {
		t.Fatal(err)
	}
	x, err := obo.New(obo.Config{
		Authority: authority.Authority{URL: url, TenantID: tid, Issuer: url + "/v2.0", AuthorizationEndpoint: url + "/oauth2/v2.0/authorize", TokenEndpoint: url + "/oauth2/v2.0/token"},
		ClientID:  "66666666-7777-8888-9999-000000000000", Credential: credential, HTTP: &http.Client{Transport: e}, Scope: "https://graph.microsoft.com/User.ReadWrite",
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func assertion(token string, life time.Duration) obo.Assertion {
	return obo.Assertion{Token: token, Key: bounded.KeyOf(token), Expires: time.Now().Add(life)}
}

func TestAResultIsUsedUntilShortlyBeforeItsEndAndNotAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{life: time.Hour}
		x, a := newExchanger(t, e), assertion("a.b.c", 90*time.Minute)
		first, _, _, err := x.Exchange(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(55*time.Minute - time.Second)
		if again, _, cached, err := x.Exchange(t.Context(), a); again != first || !cached || err != nil {
			t.Errorf("a good result was not used again: %v, %v", cached, err)
		}
		time.Sleep(2 * time.Second)
		// The user has been revoked meanwhile, and is refused from now on.
		e.refuse = `{"error":"invalid_grant","error_codes":[50173],"suberror":"bad_token"}`
		if _, _, cached, err := x.Exchange(t.Context(), a); cached || fault.As(err).Kind != fault.SignIn {
			t.Errorf("cached %v, %v", cached, err)
		}
	})
}

func TestAnExchangeThatManyWaitForIsMadeOnceAndOutlivesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{life: time.Hour, delay: time.Second}
		x, a := newExchanger(t, e), assertion("a.b.c", time.Hour)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if token, _, _, err := x.Exchange(t.Context(), a); err != nil || token != "token 1" {
					t.Errorf("got %s, %v", token, err)
				}
			})
		}
		all.Wait()
		if e.asked != 1 {
			t.Errorf("%d exchanges", e.asked)
		}
	})
}

// TestEveryUserGetsTheirOwnAcrossManyClients: results come from the cache of this
// package, also after MSAL's client was renewed.
func TestEveryUserGetsTheirOwnAcrossManyClients(t *testing.T) {
	e := &endpoint{life: time.Hour}
	x := newExchanger(t, e)
	const users = 350 // more than three MSAL clients make
	tokens := map[string]string{}
	for round := range 2 {
		for i := range users {
			user := fmt.Sprintf("user.%d.x", i)
			token, _, cached, err := x.Exchange(t.Context(), assertion(user, time.Hour))
			if err != nil || cached != (round == 1) || round == 1 && token != tokens[user] {
				t.Fatalf("%s in round %d: got %s, cached %v, %v", user, round, token, cached, err)
			}
			tokens[user] = token
		}
	}
	if e.asked != users {
		t.Errorf("%d exchanges for %d users", e.asked, users)
	}
}

func TestARefusalThatNobodyCanReadIsTheTenants(t *testing.T) {
	e := &endpoint{refuse: "<html>"}
	_, _, _, err := newExchanger(t, e).Exchange(t.Context(), assertion("a.b.c", time.Hour))
	if f := fault.As(err); f.Kind != fault.Unavailable || !strings.Contains(f.What, "HTTP status 400") {
		t.Errorf("got %v", err)
	}
}
