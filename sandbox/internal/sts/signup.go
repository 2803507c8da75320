package sts

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const maxName = 256 // bytes

// pendingUser holds the data of an account whose email address is not verified yet.
type pendingUser struct {
	email, password, name string
	answers               map[string]*string // by the property that stores them
}

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
	if !s.allowsSignUp(t.app.ID) {
		s.show(w, r, t, "sign-in", "")
		return
	}
	t.typed = maps.Clone(r.PostForm)
	delete(t.typed, "password")
	user, problem := s.readSignUp(t.app.ID, r.PostForm)
	t.hint = user.email
	if t.wrong = problem.field; problem.text != "" {
		s.show(w, r, t, "sign-up", problem.text)
		return
	}
	s.setPurpose(t, purpose{signUp: &user})
	s.sendCode(t, user.email, "Verify your email address")
	s.show(w, r, t, "code", "")
}

// inputProblem is what is wrong with a field of a form.
type inputProblem struct{ field, text string }

// readSignUp returns the account that the form of the sign-up page describes, or the first
// problem with it.
func (s *STS) readSignUp(appID string, form url.Values) (user pendingUser, problem inputProblem) {
	user = pendingUser{
		email:    normalizeEmail(form.Get("email")),
		password: form.Get("password"),
		name:     strings.TrimSpace(form.Get("name")),
		answers:  map[string]*string{},
	}
	refused := s.passwordRefusal(user.password)
	taken := false
	var questions []directory.Question
	s.Directory.View(func(d *directory.State) {
		_, taken = d.UserByEmail(user.email)
		questions = d.Questions(appID)
	})
	switch {
	case !isEmail(user.email):
		return user, inputProblem{"email", "Enter a valid email address."}
	case refused != "":
		return user, inputProblem{"password", refused}
	case user.name == "" || len(user.name) > maxName:
		return user, inputProblem{"name", "Enter a display name."}
	}
	for _, q := range questions {
		stored, wrong := q.Answer(form[q.Property()])
		if wrong != "" {
			return user, inputProblem{q.Property(), wrong}
		}
		if stored != nil {
			user.answers[q.Property()] = stored
		}
	}
	if taken {
		return user, inputProblem{"email", "An account with this email address already exists."}
	}
	return user, inputProblem{}
}

// question is a question of the sign-up page, as its template shows it.
type question struct {
	ID       string // of the element
	Name     string // of the field
	Label    string
	Control  string // text, checkbox, radio or checkboxes
	Value    string
	Integer  bool
	Required bool
	Checked  bool
	Wrong    bool // the problem of the page is that of this question
	Options  []questionOption
}

type questionOption struct {
	ID, Value, Label string
	Checked          bool
}

// questions returns what the sign-up page asks for, with what the user has typed.
func (s *STS) questions(t *transaction) (all []question) {
	var asked []directory.Question
	s.Directory.View(func(d *directory.State) { asked = d.Questions(t.app.ID) })
	for i, q := range asked {
		typed, answered := t.typed[q.Property()]
		if t.typed == nil && q.Default != "" {
			typed, answered = []string{q.Default}, true
		}
		shown := question{
			ID:       "question-" + strconv.Itoa(i),
			Name:     q.Property(),
			Label:    q.Label,
			Control:  q.Control(),
			Integer:  q.IsInteger(),
			Required: q.Required,
			Checked:  answered && typed[0] != "false",
			Wrong:    t.wrong == q.Property(),
		}
		if answered {
			shown.Value = typed[0]
		}
		for j, o := range q.Options {
			shown.Options = append(shown.Options, questionOption{
				ID:      shown.ID + "-" + strconv.Itoa(j),
				Value:   o.Value,
				Label:   cmp.Or(o.Label, o.Value),
				Checked: slices.Contains(typed, o.Value),
			})
		}
		all = append(all, shown)
	}
	return all
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
	s.setPurpose(t, purpose{})
	t.prompt = ""
	s.authenticated(w, r, t, userID)
}

// createUser creates the account and returns its ID. It returns an error if the address was
// taken in the meantime.
func (s *STS) createUser(p pendingUser) (id string, err error) {
	hash, err := directory.Hash(p.password, s.Iterations)
	if err != nil {
		return "", err
	}
	profile := maps.Clone(p.answers)
	profile["displayName"] = &p.name
	user := directory.User{
		ID:       directory.NewID(),
		Email:    p.email,
		Password: hash,
		Created:  s.Now(),
		Profile:  profile,
	}
	return user.ID, s.Directory.Update(func(d *directory.State) error {
		if _, taken := d.UserByEmail(p.email); taken {
			return errors.New("the email address is taken")
		}
		d.Users = append(d.Users, user)
		return nil
	})
}
