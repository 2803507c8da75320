package sts

import (
	"errors"
	"net/http"
	"net/mail"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const maxName = 256 // bytes

// pendingUser holds the data of an account whose email address is not verified yet.
type pendingUser struct{ email, password, name string }

// startSignUp moves from the sign-in page to the sign-up page.
func (s *STS) startSignUp(w http.ResponseWriter, r *http.Request, t *transaction) {
	if !s.allowsSignUp(t.app.ID) {
		s.show(w, r, t, "sign-in", "")
		return
	}
	t.prompt = "create"
	t.auth = authentication{}
	s.advance(w, r, t)
}

// signUp checks the data of the sign-up page and sends a code to the email address.
func (s *STS) signUp(w http.ResponseWriter, r *http.Request, t *transaction) {
	user := pendingUser{
		email:    normalizeEmail(r.PostForm.Get("email")),
		password: r.PostForm.Get("password"),
		name:     strings.TrimSpace(r.PostForm.Get("name")),
	}
	t.hint = user.email
	refused := s.passwordRefusal(user.password)
	taken := false
	s.Directory.View(func(d *directory.State) { _, taken = d.UserByEmail(user.email) })
	switch {
	case !isEmail(user.email):
		s.show(w, r, t, "sign-up", "Enter a valid email address.")
	case refused != "":
		s.show(w, r, t, "sign-up", refused)
	case user.name == "" || len(user.name) > maxName:
		s.show(w, r, t, "sign-up", "Enter a display name.")
	case taken:
		s.show(w, r, t, "sign-up", "An account with this email address already exists.")
	default:
		t.signUp = &user
		s.sendCode(t, user.email, "Verify your email address")
		s.show(w, r, t, "code", "")
	}
}

func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}

// finishSignUp creates the account after the user has verified its email address.
func (s *STS) finishSignUp(w http.ResponseWriter, r *http.Request, t *transaction) {
	userID, err := s.createUser(*t.signUp)
	if err != nil {
		s.Log.Error("create account", "error", err)
		s.show(w, r, t, "sign-up", "We couldn't create the account. Try again.")
		return
	}
	t.signUp, t.prompt = nil, ""
	s.authenticated(w, r, t, userID)
}

// createUser creates the account and returns its ID. It returns an error if the address was
// taken in the meantime.
func (s *STS) createUser(p pendingUser) (id string, err error) {
	hash, err := directory.Hash(p.password, s.Iterations)
	if err != nil {
		return "", err
	}
	user := directory.User{
		ID:       directory.NewID(),
		Email:    p.email,
		Password: hash,
		Created:  s.Now(),
		Profile:  map[string]*string{"displayName": &p.name},
	}
	return user.ID, s.Directory.Update(func(d *directory.State) error {
		if _, taken := d.UserByEmail(p.email); taken {
			return errors.New("the email address is taken")
		}
		d.Users = append(d.Users, user)
		return nil
	})
}
