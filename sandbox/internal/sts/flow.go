package sts

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"math/big"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const (
	digits        = 8 // of a one-time code
	wrongTries    = 5 // until a code is worthless, or an account rests
	leastPassword = 8
	mostPassword  = 256
)

// oneTime is a mailed code that is awaited.
type oneTime struct {
	code    string
	to      string
	tries   int
	expires time.Time
}

// newUser is an account being made.
type newUser struct{ email, password, name string }

// step wraps the forms of our own pages: each names its transaction, which must
// have been begun in the same browser.
func (s *STS) step(next func(http.ResponseWriter, *http.Request, *transaction)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			s.errorPage(w, r, no(9002))
			return
		}
		s.mu.Lock()
		t, ok := s.transactions[r.PostForm.Get("tx")]
		s.mu.Unlock()
		browser := s.cookie(r, browserCookie)
		if !ok || s.Now().After(t.expires) || subtle.ConstantTimeCompare([]byte(browser), []byte(t.browser)) != 1 {
			s.errorPage(w, r, no(70008))
			return
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		next(w, r, t)
	}
}

// advance shows the next page, or finishes when nothing is missing.
func (s *STS) advance(w http.ResponseWriter, r *http.Request, t *transaction) {
	switch {
	case t.facts.User == "" && t.prompt == "create":
		s.show(w, r, t, "sign-up", "")
	case t.facts.User == "":
		s.show(w, r, t, "sign-in", "")
	case s.needsMFA(t.grant.Resource, t.demands, t.facts):
		user, _, ok := s.find(t.facts.User, "")
		if !ok {
			s.redirectError(w, r, t, no(50034))
			return
		}
		s.sendCode(t, user.Email, "Your sign-in code")
		s.show(w, r, t, "code", "")
	default:
		s.finish(w, r, t)
	}
}

// password checks the first factor. Unknown accounts take as long as known
// ones, and are told apart from wrong passwords by nothing.
func (s *STS) password(w http.ResponseWriter, r *http.Request, t *transaction) {
	email := strings.ToLower(strings.TrimSpace(r.PostForm.Get("email")))
	t.hint = email
	s.mu.Lock()
	locked := s.failures[email] >= wrongTries
	s.mu.Unlock()
	var user directory.User
	s.Directory.View(func(d *directory.State) {
		if u, ok := d.UserByEmail(email); ok {
			user = *u
		}
	})
	right := directory.Matches(r.PostForm.Get("password"), user.Password, s.Iterations)
	switch {
	case locked:
		s.show(w, r, t, "sign-in", "This account is locked after too many wrong tries.")
	case !right:
		s.mu.Lock()
		s.failures[email]++
		s.mu.Unlock()
		s.show(w, r, t, "sign-in", "We couldn't find an account with this e-mail address and password.")
	default:
		s.mu.Lock()
		delete(s.failures, email)
		s.mu.Unlock()
		s.authenticated(w, r, t, user.ID)
	}
}

// authenticated notes the first factor and goes on.
func (s *STS) authenticated(w http.ResponseWriter, r *http.Request, t *transaction, user string) {
	t.facts = Facts{User: user, At: s.Now()}
	s.remember(w, r, t.facts)
	s.advance(w, r, t)
}

// chooseAccount takes over the account that the person picked, or asks for
// another.
func (s *STS) chooseAccount(w http.ResponseWriter, r *http.Request, t *transaction) {
	email := r.PostForm.Get("account")
	t.facts, t.hint = Facts{}, email
	if email != "" {
		t.facts = s.chosen(s.signedIn(r), email)
	}
	s.advance(w, r, t)
}

// startSignUp goes from the sign-in page to the sign-up page.
func (s *STS) startSignUp(w http.ResponseWriter, r *http.Request, t *transaction) {
	t.prompt = "create"
	t.facts = Facts{}
	s.advance(w, r, t)
}

// signUp takes the data of a new account and mails a code to its address.
func (s *STS) signUp(w http.ResponseWriter, r *http.Request, t *transaction) {
	n := newUser{
		email:    strings.ToLower(strings.TrimSpace(r.PostForm.Get("email"))),
		password: r.PostForm.Get("password"), name: strings.TrimSpace(r.PostForm.Get("name")),
	}
	t.hint = n.email
	address, err := mail.ParseAddress(n.email)
	taken := false
	s.Directory.View(func(d *directory.State) { _, taken = d.UserByEmail(n.email) })
	switch {
	case err != nil || address.Address != n.email:
		s.show(w, r, t, "sign-up", "Enter a valid e-mail address.")
	case len(n.password) < leastPassword || len(n.password) > mostPassword:
		s.show(w, r, t, "sign-up", "Choose a password of at least 8 characters.")
	case n.name == "" || len(n.name) > mostPassword:
		s.show(w, r, t, "sign-up", "Enter a display name.")
	case taken:
		s.show(w, r, t, "sign-up", "An account with this e-mail address exists already.")
	default:
		t.signUp = &n
		s.sendCode(t, n.email, "Verify your e-mail address")
		s.show(w, r, t, "code", "")
	}
}

// enterCode checks a one-time code: single use, ten minutes, five tries.
func (s *STS) enterCode(w http.ResponseWriter, r *http.Request, t *transaction) {
	given := strings.ReplaceAll(strings.TrimSpace(r.PostForm.Get("code")), " ", "")
	s.mu.Lock()
	sent := t.sent
	verdict := "expired"
	if sent != nil && !s.Now().After(sent.expires) && sent.tries < wrongTries {
		sent.tries++
		verdict = "wrong"
		if subtle.ConstantTimeCompare([]byte(given), []byte(sent.code)) == 1 {
			verdict, t.sent = "right", nil
		} else if sent.tries >= wrongTries {
			verdict, t.sent = "expired", nil
		}
	}
	s.mu.Unlock()
	switch verdict {
	case "wrong":
		s.show(w, r, t, "code", "That code is not right. Check the newest message and try again.")
	case "expired":
		s.show(w, r, t, "code", "That code cannot be used any more. Ask for a new one.")
	default:
		s.codeAccepted(w, r, t)
	}
}

func (s *STS) codeAccepted(w http.ResponseWriter, r *http.Request, t *transaction) {
	if t.reset != "" {
		t.mayReset = true
		s.show(w, r, t, "new-password", "")
		return
	}
	if t.signUp != nil {
		user, err := s.create(*t.signUp)
		if err != nil {
			s.Log.Error("create account", "error", err)
			s.show(w, r, t, "sign-up", "The account could not be made. Try again.")
			return
		}
		t.signUp, t.prompt = nil, ""
		s.authenticated(w, r, t, user)
		return
	}
	t.facts.MFA = true
	for _, c := range t.demands.Contexts {
		if !slices.Contains(t.facts.Contexts, c) {
			t.facts.Contexts = append(slices.Clone(t.facts.Contexts), c)
		}
	}
	s.remember(w, r, t.facts)
	s.advance(w, r, t)
}

// create makes the account, unless somebody was faster.
func (s *STS) create(n newUser) (string, error) {
	hash, err := directory.Hash(n.password, s.Iterations)
	if err != nil {
		return "", err
	}
	user := directory.User{ID: NewID(), Email: n.email, Password: hash, Created: s.Now(), Profile: map[string]*string{"displayName": &n.name}}
	return user.ID, s.Directory.Update(func(d *directory.State) error {
		if _, taken := d.UserByEmail(n.email); taken {
			return errors.New("the address is taken")
		}
		d.Users = append(d.Users, user)
		return nil
	})
}

func (s *STS) resend(w http.ResponseWriter, r *http.Request, t *transaction) {
	to := ""
	if t.reset != "" {
		s.forgotAgain(w, r, t)
		return
	}
	if t.signUp != nil {
		to = t.signUp.email
	} else if user, _, ok := s.find(t.facts.User, ""); ok && t.facts.User != "" {
		to = user.Email
	}
	if to == "" {
		s.advance(w, r, t)
		return
	}
	s.sendCode(t, to, "Your sign-in code")
	s.show(w, r, t, "code", "")
}

func (s *STS) cancel(w http.ResponseWriter, r *http.Request, t *transaction) {
	s.redirectError(w, r, t, no(65004))
}

// sendCode mails a new code; the one before it is worth nothing any more.
func (s *STS) sendCode(t *transaction, to, subject string) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil)
	n, err := rand.Int(rand.Reader, limit)
	if err != nil { // crypto/rand never fails
		return
	}
	value := n.String()
	value = strings.Repeat("0", digits-len(value)) + value
	s.mu.Lock()
	t.sent = &oneTime{code: value, to: to, expires: s.Now().Add(codeLife)}
	s.mail = append(s.mail, control.Message{To: to, Subject: subject, Code: value, At: s.Now()})
	if len(s.mail) > mostMail {
		s.mail = s.mail[len(s.mail)-mostMail:]
	}
	s.mu.Unlock()
}
