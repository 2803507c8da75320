package auth_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

func TestDeviceSignsInWhileOthersUseTheStore(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	browser, err := robot.New(w.user, splitTransport{w.tenant})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.client.Device(t.Context(), readScope(), func(p auth.Prompt) {
		const page = "https://contoso.ciamlogin.com/common/oauth2/deviceauth"
		if p.Page != page || p.Code == "" || time.Until(p.Expires) < 10*time.Minute {
			t.Errorf("the user is shown %+v", p)
		}
		if accounts, err := w.client.Accounts(t.Context()); err != nil || len(accounts) != 0 {
			t.Errorf("while the user types: got %v, %v", accounts, err)
		}
		browser.UserCode = p.Code
		if page, err := browser.Open(t.Context(), p.Page); err != nil || page.Status != http.StatusOK {
			t.Errorf("got %+v, %v", page, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	again, ch, err := w.client.Silent(t.Context(), got.Account, []string{"User.Read"}, nil)
	if err != nil || ch != nil || again.Access != got.Access {
		t.Errorf("the token was not saved: %v, %v", ch, err)
	}
}

func TestDeviceSurvivesShortFailures(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	browser, err := robot.New(w.user, splitTransport{w.tenant})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.client.Device(t.Context(), readScope(), func(p auth.Prompt) {
		w.tenant.FailNext(sandbox.Fault{Part: "token", Status: 503})
		w.tenant.FailNext(sandbox.Fault{Part: "token", Reset: true})
		browser.UserCode = p.Code
		if page, err := browser.Open(t.Context(), p.Page); err != nil || page.Status != http.StatusOK {
			t.Errorf("got %+v, %v", page, err)
		}
	})
	if err != nil || got.Access == "" {
		t.Errorf("got %v", err)
	}
	if left := w.tenant.Faults(); len(left) > 0 {
		t.Errorf("%d failures did not happen", len(left))
	}
}

func TestDeviceReportsFailuresOfTheTenant(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	browser, err := robot.New(w.user, splitTransport{w.tenant})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.client.Device(t.Context(), readScope(), func(p auth.Prompt) {
		w.tenant.FailNext(sandbox.Fault{Part: "token", Status: 403, Body: "x"})
		browser.UserCode = p.Code
		if page, err := browser.Open(t.Context(), p.Page); err != nil || page.Status != http.StatusOK {
			t.Errorf("got %+v, %v", page, err)
		}
	})
	if f := fault.As(err); f.What != "cannot sign in: the tenant answered with HTTP status 403" {
		t.Errorf("got %v", err)
	}
}

func TestDeviceEndsAfterTheWait(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	w.configure(t, func(c *auth.Config) { c.Wait = 50 * time.Millisecond })
	_, err := w.client.Device(t.Context(), readScope(), func(auth.Prompt) {})
	if f := fault.As(err); f.Kind != fault.SignIn || f.What != "the code was not entered in time" {
		t.Errorf("got %v", err)
	}
}

func TestDeviceRejectsADifferentAccount(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	if err := w.tenant.AddUser("eve@contoso.example", "Another password", "Eve"); err != nil {
		t.Fatal(err)
	}
	casey, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	w.user.Email, w.user.Password = "eve@contoso.example", "Another password"
	browser, err := robot.New(w.user, splitTransport{w.tenant})
	if err != nil {
		t.Fatal(err)
	}
	request := readScope()
	request.Account = &casey.Account
	_, err = w.client.Device(t.Context(), request, func(p auth.Prompt) {
		browser.UserCode = p.Code
		if page, err := browser.Open(t.Context(), p.Page); err != nil || page.Status != http.StatusOK {
			t.Errorf("got %+v, %v", page, err)
		}
	})
	if f := fault.As(err); f.Kind != fault.Denied || !errors.Is(err, auth.ErrDifferentAccount) {
		t.Errorf("got %v", err)
	}
	accounts, err := w.client.Accounts(t.Context())
	if err != nil || len(accounts) != 1 || accounts[0] != casey.Account {
		t.Errorf("the accounts are %v, %v; want only Casey's", accounts, err)
	}
}
