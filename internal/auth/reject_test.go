package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// rejection is a response of the token endpoint with an error code. Its OAuth error
// asks for a user, whatever the code says.
func rejection(code int) sandbox.Fault {
	return sandbox.Fault{
		Part:   "token",
		Status: http.StatusBadRequest,
		Body:   fmt.Sprintf(`{"error":"invalid_grant","error_codes":[%d]}`, code),
	}
}

// TestSilentKeepsTheAdviceOfEveryCode walks the codes: an error that no sign-in can
// help does not become one that asks for a sign-in.
func TestSilentKeepsTheAdviceOfEveryCode(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	signedIn, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	edit := []string{w.tenant.Facts().EditScope}
	for _, code := range aadsts.Codes() {
		want := (&aadsts.Error{OAuth: "invalid_grant", Codes: []int{code}}).Fault("sign in with the stored sign-in")
		w.tenant.FailNext(rejection(code))
		_, ch, err := w.client.Silent(t.Context(), signedIn.Account, edit, nil)
		if want.Kind == fault.StepUp {
			if ch == nil || err != nil {
				t.Errorf("AADSTS%d: got %v, %v; want a challenge", code, ch, err)
			}
			continue
		}
		f := fault.As(err)
		if ch != nil || f.Kind != want.Kind || f.What != want.What || f.Fix != want.Fix {
			t.Errorf("AADSTS%d: got %v, %v", code, ch, err)
		}
		if f.Next != want.Next && want.Kind != fault.SignIn {
			t.Errorf("AADSTS%d: the next step is %v, want %v", code, f.Next, want.Next)
		}
	}
}

func TestSilentAdvisesToLookUpAnUnknownCodeAndSignIn(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	signedIn, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	w.tenant.FailNext(rejection(399218))
	_, _, err = w.client.Silent(t.Context(), signedIn.Account, []string{w.tenant.Facts().EditScope}, nil)
	f := fault.As(err)
	if f.Next != fault.DoSignIn || !strings.HasSuffix(f.Fix, "https://login.microsoftonline.com/error?code=399218") {
		t.Errorf("got %v, fix %q, next %v", err, f.Fix, f.Next)
	}
}

func TestInteractiveWorksAfterARevokedSignIn(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	first, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	<-w.closed
	if err := w.tenant.RevokeSessions(first.Account.Username); err != nil {
		t.Fatal(err)
	}
	edit := []string{w.tenant.Facts().EditScope}
	if _, _, err := w.client.Silent(t.Context(), first.Account, edit, nil); fault.As(err).Next != fault.DoSignIn {
		t.Fatalf("got %v", err)
	}
	if _, err := w.client.Interactive(t.Context(), readScope()); err != nil {
		t.Fatal(err)
	}
	_, ch, err := w.client.Silent(t.Context(), first.Account, edit, nil)
	if err != nil || ch == nil {
		t.Errorf("after the sign-in: got %v, %v; want the challenge of the edit scope", ch, err)
	}
}

// TestInteractiveNeverAdvisesToSignIn walks the codes: a user who has just signed in
// does not read that a sign-in, or a terminal, is needed.
func TestInteractiveNeverAdvisesToSignIn(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	for _, code := range append(aadsts.Codes(), 399218) {
		w.tenant.FailNext(rejection(code))
		_, err := w.client.Interactive(t.Context(), readScope())
		f := fault.As(err)
		if err == nil || f.Next == fault.DoSignIn || f.Next == fault.DoStepUp || f.Advice() == "" {
			t.Errorf("AADSTS%d: got %v, next %v, fix %q", code, err, f.Next, f.Fix)
		}
		<-w.closed
	}
}

func TestDeviceAdvisesABrowserIfASecondFactorIsMissing(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	browser, err := robot.New(w.user, splitTransport{w.tenant})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.client.Device(t.Context(), readScope(), func(p auth.Prompt) {
		browser.UserCode = p.Code
		if _, err := browser.Open(t.Context(), p.Page); err != nil {
			t.Error(err)
		}
		w.tenant.FailNext(rejection(50076))
	})
	f := fault.As(err)
	if f.Kind != fault.StepUp || f.Next != fault.NoAction || !strings.Contains(f.Fix, "without a device code") {
		t.Errorf("got %v, fix %q", err, f.Fix)
	}
}

func TestInteractiveExplainsAPageThatCannotBeOpened(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	own := &fault.Error{Kind: fault.Usage, What: "PROFILECTL_BROWSER names no program", Fix: "correct it"}
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		kind fault.Kind
		what string
	}{
		{"unexpected", t.Context(), errors.New("x"), fault.Unavailable, "the sign-in page could not be opened"},
		{"canceled", canceled, context.Canceled, fault.Canceled, "the sign-in was canceled"},
		{"a fault", t.Context(), fmt.Errorf("open: %w", own), fault.Usage, own.What},
	} {
		w := newWorld(t, sandbox.Config{})
		ready, finish := context.WithCancel(t.Context())
		w.configure(t, func(config *auth.Config) {
			config.Open = func(context.Context, auth.Page) error {
				finish()
				return c.err
			}
		})
		ctx := ready
		if c.ctx != canceled {
			ctx = t.Context()
		}
		_, err := w.client.Interactive(ctx, readScope())
		finish()
		if f := fault.As(err); f.Kind != c.kind || f.What != c.what || f.Advice() == "" {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}
