package cli

import (
	"context"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
)

// wish is a token that is wanted.
type wish struct {
	Scopes  []string
	Command string // to suggest where a person is needed and nobody may be asked
	// Answer is the challenge with which the API refused the last token, if any.
	Answer *challenge.Challenge
	Stale  bool // the API does not accept the cached token; its scopes were enough
}

// graphScopes is what showing a profile needs. One API a request: a token for
// two is refused (AADSTS28000).
func graphScopes() []string { return []string{"User.Read"} }

// graphWish is a token to read the profile with.
func graphWish() wish { return wish{Scopes: graphScopes(), Command: "profilectl login"} }

// editWish is a token for the mid-tier.
func (s *session) editWish() (wish, error) {
	scope := s.settings.Text("edit-scope")
	if scope == "" {
		return wish{}, &fault.Error{
			Kind: fault.Usage, What: "the scope of the mid-tier is not configured",
			Fix: "run `" + s.command("profilectl config set edit-scope api://<mid-tier client id>/EditProfileService.ReadWrite") + "`",
		}
	}
	return wish{Scopes: []string{scope}, Command: "profilectl login --with-edit"}, nil
}

// editToken returns a token for the mid-tier, with a step-up at the browser
// where policy asks for one.
func (s *session) editToken(ctx context.Context, who auth.Account) (auth.Token, error) {
	w, err := s.editWish()
	if err != nil {
		return auth.Token{}, err
	}
	return s.token(ctx, who, w)
}

// token is silent first. Only a demand for a second factor opens the browser:
// whoever has to sign in is told so.
func (s *session) token(ctx context.Context, who auth.Account, w wish) (auth.Token, error) {
	demand := w.Answer
	if w.Answer == nil || w.Answer.Claims != "" && w.Answer.MaxAge == 0 {
		t, refused, err := s.silent(ctx, who, w)
		if err != nil || refused == nil {
			return t, err
		}
		if demand == nil || refused.Claims != "" {
			demand = refused
		}
	}
	need := "a second factor"
	if demand != nil && demand.MaxAge > 0 {
		need = "a fresh sign-in"
	}
	alone := need + " is needed and nobody can be asked here"
	switch {
	case s.globals.NoInput && w.Answer != nil: // a new sign-in would not know what the mid-tier demands
		return auth.Token{}, &fault.Error{Kind: fault.StepUp, What: alone, Fix: "run the same command without --no-input in a terminal"}
	case s.globals.NoInput:
		return auth.Token{}, s.needsPerson(fault.StepUp, alone, w.Command)
	}
	s.say("%s is needed; continuing in your browser.", strings.ToUpper(need[:1])+need[1:])
	return s.signIn(ctx, auth.Request{Scopes: w.Scopes, Account: &who, Answer: demand})
}

// acquired is how a silent request ended.
type acquired struct {
	token  auth.Token
	demand *challenge.Challenge
	err    error
}

// prepare asks for the mid-tier's token while something else is being done, and
// returns how to wait for it. What is wrong shows when the token is needed.
func (s *session) prepare(ctx context.Context, who auth.Account) (wait func()) {
	w, err := s.editWish()
	if err != nil {
		return func() {}
	}
	done := make(chan acquired, 1)
	go func() {
		var a acquired
		a.token, a.demand, a.err = s.auth.Silent(ctx, who, w.Scopes, nil)
		done <- a
	}()
	return func() { s.ahead = map[string]acquired{w.Scopes[0]: <-done} }
}

func (s *session) silent(ctx context.Context, who auth.Account, w wish) (auth.Token, *challenge.Challenge, error) {
	if a, ok := s.ahead[w.Scopes[0]]; ok && !w.Stale && w.Answer == nil {
		delete(s.ahead, w.Scopes[0])
		return a.token, a.demand, a.err
	}
	defer s.progress.step("token", "Getting an access token")()
	if w.Stale {
		return s.auth.Renew(ctx, who, w.Scopes)
	}
	return s.auth.Silent(ctx, who, w.Scopes, w.Answer)
}

// use calls an API with a token. An API that does not accept a token which looks
// good here, because it was revoked or the clocks differ, is called once more
// with a new one.
func (s *session) use(ctx context.Context, who auth.Account, w wish, call func(access string) error) error {
	for {
		t, err := s.token(ctx, who, w)
		if err != nil {
			return err
		}
		s.warnNotSaved(t)
		err = call(t.Access)
		f := fault.As(err)
		switch {
		case err == nil || f.Kind != fault.SignIn:
			return err
		case w.Stale:
			return &fault.Error{Kind: fault.Denied, What: "even a new access token is refused: " + f.What, Fix: f.Fix, Err: f, CorrelationID: f.CorrelationID}
		}
		w.Stale, w.Answer = true, nil
	}
}

// me reads properties of the profile.
func (s *session) me(ctx context.Context, who auth.Account, properties ...string) (me graph.Profile, err error) {
	err = s.use(ctx, who, graphWish(), func(access string) error {
		defer s.progress.step("read", "Reading the profile")()
		me, err = s.graph.Me(ctx, access, properties...)
		return err
	})
	return me, err
}
