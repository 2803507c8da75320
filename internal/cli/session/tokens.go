package session

import (
	"context"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
)

// TokenRequest describes a token that a command needs.
type TokenRequest struct {
	Scopes  []string
	Command string // suggested if a sign-in is needed and prompts are forbidden
	// Challenge is what the API answered to the last token, or nil.
	Challenge *challenge.Challenge
	// Renew skips the cached token: the API rejected it although it looks valid.
	Renew bool
	// Ahead is a silent request for the same scopes that was started earlier, or
	// nil.
	Ahead TokenFuture
}

// SilentResult is the outcome of a silent token request: a token, the challenge
// that stands in its way, or an error.
type SilentResult struct {
	Token     auth.Token
	Challenge *challenge.Challenge
	Err       error
}

// TokenFuture waits for a silent token request that runs in the background and
// returns its result, the same one at every call.
type TokenFuture func() SilentResult

// Token is a token, and whether the user had to sign in for it. If so,
// time has passed that may have changed the profile.
type Token struct {
	auth.Token
	Prompted bool
}

// GraphScopes are the scopes for showing a profile. A request names the scopes of
// one API, because Entra rejects two (AADSTS28000).
func GraphScopes() []string { return []string{"User.Read"} }

// GraphRequest describes a token that can read the profile.
func GraphRequest() TokenRequest {
	return TokenRequest{Scopes: GraphScopes(), Command: "profilectl login"}
}

// EditRequest describes a token for the mid-tier.
func (s *Session) EditRequest() (TokenRequest, error) {
	scope := s.Settings.Text("edit-scope")
	if scope == "" {
		set := s.Command("profilectl config set edit-scope api://<mid-tier client id>/EditProfileService.ReadWrite")
		return TokenRequest{}, &fault.Error{
			Kind: fault.Usage,
			What: "the scope of the mid-tier is not configured",
			Fix:  "run `" + set + "`",
		}
	}
	return TokenRequest{Scopes: []string{scope}, Command: "profilectl login --with-edit"}, nil
}

// EditToken returns a token for the mid-tier, with a step-up in the browser if
// policy requires one.
func (s *Session) EditToken(ctx context.Context, account auth.Account, ahead TokenFuture) (Token, error) {
	r, err := s.EditRequest()
	if err != nil {
		return Token{}, err
	}
	r.Ahead = ahead
	return s.Token(ctx, account, r)
}

// RequestEditToken starts a silent request for the mid-tier's token. An error
// shows when the token is used.
func (s *Session) RequestEditToken(ctx context.Context, account auth.Account) TokenFuture {
	r, err := s.EditRequest()
	if err != nil {
		return func() SilentResult { return SilentResult{Err: err} }
	}
	var result SilentResult
	done := make(chan struct{})
	go func() {
		defer close(done)
		result.Token, result.Challenge, result.Err = s.Auth.Silent(ctx, account, r.Scopes, nil)
	}()
	return func() SilentResult {
		<-done
		return result
	}
}

// Token returns a token, silently if it can. Only a challenge opens the browser:
// an account that has to sign in again gets a SignIn fault.
func (s *Session) Token(ctx context.Context, account auth.Account, r TokenRequest) (Token, error) {
	ch := r.Challenge
	if ch == nil || ch.Claims != "" && ch.MaxAge == 0 {
		silent := s.silent(ctx, account, r)
		if silent.Err != nil || silent.Challenge == nil {
			return Token{Token: silent.Token}, silent.Err
		}
		if ch == nil || silent.Challenge.Claims != "" {
			ch = silent.Challenge
		}
	}
	need := "a second factor"
	if ch.MaxAge > 0 {
		need = "a fresh sign-in"
	}
	if s.Globals.NoInput {
		return Token{}, s.promptForbidden(need, r)
	}
	interactive := auth.Request{Scopes: r.Scopes, Account: &account, Challenge: ch}
	if err := s.checkPrompt(interactive); err != nil {
		return Token{}, err
	}
	way := "in your browser"
	if s.usesCode() {
		way = "with a device code"
	}
	s.Say("%s is needed; continuing %s.", strings.ToUpper(need[:1])+need[1:], way)
	t, err := s.SignIn(ctx, interactive)
	return Token{Token: t, Prompted: true}, err
}

// promptForbidden is the fault of a run with --no-input that needs the user. If
// the API sent the challenge, only the same command can answer it: another one
// would not know it.
func (s *Session) promptForbidden(need string, r TokenRequest) error {
	what := need + " is needed, which --no-input rules out"
	if r.Challenge != nil {
		return &fault.Error{Kind: fault.StepUp, What: what, Next: fault.DoStepUp}
	}
	return s.NeedsUser(fault.StepUp, what, r.Command)
}

func (s *Session) silent(ctx context.Context, account auth.Account, r TokenRequest) SilentResult {
	if r.Ahead != nil && !r.Renew && r.Challenge == nil {
		return r.Ahead()
	}
	defer s.Progress.Step("token", "Getting an access token")()
	var result SilentResult
	if r.Renew {
		result.Token, result.Challenge, result.Err = s.Auth.Renew(ctx, account, r.Scopes)
	} else {
		result.Token, result.Challenge, result.Err = s.Auth.Silent(ctx, account, r.Scopes, r.Challenge)
	}
	return result
}

// withToken calls an API with a token. If the API rejects a token that looks
// valid here, because it was revoked or the clocks differ, withToken calls it
// again with a new token.
func (s *Session) withToken(
	ctx context.Context,
	account auth.Account,
	r TokenRequest,
	call func(Token) error,
) error {
	for {
		t, err := s.Token(ctx, account, r)
		if err != nil {
			return err
		}
		s.WarnNotSaved(t.Token)
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
