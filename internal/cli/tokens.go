package cli

import (
	"context"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
)

// tokenRequest describes a token that a command needs.
type tokenRequest struct {
	Scopes  []string
	Command string // suggested if a sign-in is needed and prompts are forbidden
	// Challenge is what the API answered to the last token, or nil.
	Challenge *challenge.Challenge
	// Renew skips the cached token: the API rejected it although it looks valid.
	Renew bool
	// Ahead is a silent request for the same scopes that was started earlier, or
	// nil.
	Ahead tokenFuture
}

// silentResult is the outcome of a silent token request: a token, the challenge
// that stands in its way, or an error.
type silentResult struct {
	token     auth.Token
	challenge *challenge.Challenge
	err       error
}

// tokenFuture waits for a silent token request that runs in the background and
// returns its result, the same one at every call.
type tokenFuture func() silentResult

// acquiredToken is a token, and whether the user had to sign in for it. If so,
// time has passed that may have changed the profile.
type acquiredToken struct {
	auth.Token
	Prompted bool
}

// graphScopes are the scopes for showing a profile. A request names the scopes of
// one API, because Entra rejects two (AADSTS28000).
func graphScopes() []string { return []string{"User.Read"} }

// graphRequest describes a token that can read the profile.
func graphRequest() tokenRequest {
	return tokenRequest{Scopes: graphScopes(), Command: "profilectl login"}
}

// editRequest describes a token for the mid-tier.
func (s *session) editRequest() (tokenRequest, error) {
	scope := s.settings.Text("edit-scope")
	if scope == "" {
		set := s.command("profilectl config set edit-scope api://<mid-tier client id>/EditProfileService.ReadWrite")
		return tokenRequest{}, &fault.Error{
			Kind: fault.Usage,
			What: "the scope of the mid-tier is not configured",
			Fix:  "run `" + set + "`",
		}
	}
	return tokenRequest{Scopes: []string{scope}, Command: "profilectl login --with-edit"}, nil
}

// editToken returns a token for the mid-tier, with a step-up in the browser if
// policy requires one.
func (s *session) editToken(ctx context.Context, account auth.Account, ahead tokenFuture) (acquiredToken, error) {
	r, err := s.editRequest()
	if err != nil {
		return acquiredToken{}, err
	}
	r.Ahead = ahead
	return s.token(ctx, account, r)
}

// requestEditToken starts a silent request for the mid-tier's token. An error
// shows when the token is used.
func (s *session) requestEditToken(ctx context.Context, account auth.Account) tokenFuture {
	r, err := s.editRequest()
	if err != nil {
		return func() silentResult { return silentResult{err: err} }
	}
	var result silentResult
	done := make(chan struct{})
	go func() {
		defer close(done)
		result.token, result.challenge, result.err = s.auth.Silent(ctx, account, r.Scopes, nil)
	}()
	return func() silentResult {
		<-done
		return result
	}
}

// token returns a token, silently if it can. Only a challenge opens the browser:
// an account that has to sign in again gets a SignIn fault.
func (s *session) token(ctx context.Context, account auth.Account, r tokenRequest) (acquiredToken, error) {
	ch := r.Challenge
	if ch == nil || ch.Claims != "" && ch.MaxAge == 0 {
		silent := s.silent(ctx, account, r)
		if silent.err != nil || silent.challenge == nil {
			return acquiredToken{Token: silent.token}, silent.err
		}
		if ch == nil || silent.challenge.Claims != "" {
			ch = silent.challenge
		}
	}
	need := "a second factor"
	if ch.MaxAge > 0 {
		need = "a fresh sign-in"
	}
	if s.globals.NoInput {
		return acquiredToken{}, s.promptForbidden(need, r)
	}
	interactive := auth.Request{Scopes: r.Scopes, Account: &account, Challenge: ch}
	if err := s.checkPrompt(interactive); err != nil {
		return acquiredToken{}, err
	}
	way := "in your browser"
	if s.usesCode() {
		way = "with a device code"
	}
	s.say("%s is needed; continuing %s.", strings.ToUpper(need[:1])+need[1:], way)
	t, err := s.signIn(ctx, interactive)
	return acquiredToken{Token: t, Prompted: true}, err
}

// promptForbidden is the fault of a run with --no-input that needs the user. If
// the API sent the challenge, only the same command can answer it: another one
// would not know it.
func (s *session) promptForbidden(need string, r tokenRequest) error {
	what := need + " is needed, which --no-input rules out"
	if r.Challenge != nil {
		return &fault.Error{Kind: fault.StepUp, What: what, Next: fault.DoStepUp}
	}
	return s.needsUser(fault.StepUp, what, r.Command)
}

func (s *session) silent(ctx context.Context, account auth.Account, r tokenRequest) silentResult {
	if r.Ahead != nil && !r.Renew && r.Challenge == nil {
		return r.Ahead()
	}
	defer s.progress.Step("token", "Getting an access token")()
	var result silentResult
	if r.Renew {
		result.token, result.challenge, result.err = s.auth.Renew(ctx, account, r.Scopes)
	} else {
		result.token, result.challenge, result.err = s.auth.Silent(ctx, account, r.Scopes, r.Challenge)
	}
	return result
}

// withToken calls an API with a token. If the API rejects a token that looks
// valid here, because it was revoked or the clocks differ, withToken calls it
// again with a new token.
func (s *session) withToken(
	ctx context.Context,
	account auth.Account,
	r tokenRequest,
	call func(acquiredToken) error,
) error {
	for {
		t, err := s.token(ctx, account, r)
		if err != nil {
			return err
		}
		s.warnNotSaved(t.Token)
		err = call(t)
		f := fault.As(err)
		switch {
		case err == nil || f.Kind != fault.SignIn:
			return err
		case r.Renew:
			return rejectedAgain(f)
		}
		r.Renew, r.Challenge, r.Ahead = true, nil, nil
	}
}

// rejectedAgain is the fault of an API that rejects a new token too. Its advice is
// kept, but not if that is to sign in: the next token would be rejected like this one.
func rejectedAgain(f *fault.Error) error {
	again := f.Reworded("a new access token is rejected too: " + f.What)
	again.Kind = fault.Denied
	if f.Next == fault.DoSignIn {
		again.Next = fault.NoAction
		again.Fix = "check the clock; if it is right, ask the tenant's administrator and give the correlation id"
	}
	return again
}
