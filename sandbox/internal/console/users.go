package console

import (
	"net/http"
	"net/url"

	"github.com/profilectl/profilectl/sandbox/control"
)

// property is a property of a profile, with its value.
type property struct {
	Name, Label, Value string
	Wide               bool // on a line of its own
}

// properties returns the properties that the page edits: those that users may change
// about themselves.
func properties(profile map[string]string) []property {
	all := []property{
		{Name: "displayName", Label: "Display name", Wide: true},
		{Name: "givenName", Label: "Given name"},
		{Name: "surname", Label: "Surname"},
		{Name: "jobTitle", Label: "Job title", Wide: true},
		{Name: "streetAddress", Label: "Street address", Wide: true},
		{Name: "postalCode", Label: "Postal code"},
		{Name: "city", Label: "City"},
		{Name: "state", Label: "State"},
		{Name: "country", Label: "Country"},
		{Name: "preferredLanguage", Label: "Preferred language"},
	}
	for i := range all {
		all[i].Value = profile[all[i].Name]
	}
	return all
}

func (c *Console) userRoutes(show showFunc, act actFunc) {
	users := screen{template: "users", section: "users", title: "Users", load: func(r *http.Request) (any, error) {
		return c.Control.Users(r.Context())
	}}
	add := screen{template: "user-new", section: "users", title: "Add a user", load: nothing}
	edit := screen{template: "user", section: "users", title: "Edit a user", load: c.user}
	show("/sandbox/users", users)
	show("/sandbox/users/new", add)
	act("/sandbox/users/new", add, c.addUser)
	show("/sandbox/users/edit/{email}", edit)
	act("/sandbox/users/edit/{email}/profile", edit, c.saveProfile)
	act("/sandbox/users/edit/{email}/mfa", edit, c.saveMFA)
	act("/sandbox/users/edit/{email}/password", edit, c.savePassword)
	act("/sandbox/users/edit/{email}/revoke", edit, c.revoke)
}

// nothing loads no data, for pages that need none.
func nothing(*http.Request) (any, error) { return nil, nil }

func userPath(email string) string { return "/sandbox/users/edit/" + url.PathEscape(email) }

// userView is the data of the page of one account.
type userView struct {
	User    control.User
	Profile []property
}

func (c *Console) user(r *http.Request) (any, error) {
	u, err := c.Control.User(r.Context(), r.PathValue("email"))
	if err != nil {
		return nil, err
	}
	attributes, err := c.Control.Attributes(r.Context())
	v := userView{User: u, Profile: append(properties(u.Profile), attributeProperties(attributes, u.Profile)...)}
	for i, p := range v.Profile {
		if r.PostForm.Has(p.Name) {
			v.Profile[i].Value = r.PostForm.Get(p.Name)
		}
	}
	return v, err
}

func (c *Console) addUser(r *http.Request) (string, notice, error) {
	added, err := c.Control.AddUser(r.Context(), control.User{
		Email:    r.PostForm.Get("email"),
		Password: r.PostForm.Get("password"),
		Name:     r.PostForm.Get("name"),
		MFA:      r.PostForm.Has("mfa"),
	})
	return "/sandbox/users", notice{
		Text:   "The user was added.",
		Values: []value{{"Email", added.Email}, {"Password", added.Password}},
	}, err
}

// saveProfile saves all properties of the form. An empty field removes its property.
func (c *Console) saveProfile(r *http.Request) (string, notice, error) {
	attributes, err := c.Control.Attributes(r.Context())
	if err != nil {
		return "", notice{}, err
	}
	profile := map[string]*string{}
	for _, p := range append(properties(nil), attributeProperties(attributes, nil)...) {
		if !r.PostForm.Has(p.Name) {
			continue
		}
		profile[p.Name] = nil
		if text := r.PostForm.Get(p.Name); text != "" {
			profile[p.Name] = &text
		}
	}
	return c.changeUser(r, control.UserChange{Profile: profile}, notice{Text: "The profile was saved."})
}

func (c *Console) saveMFA(r *http.Request) (string, notice, error) {
	on := r.PostForm.Get("on") == "true"
	text := "A second factor is required only if a policy applies."
	if on {
		text = "A second factor is required at every sign-in of this user."
	}
	return c.changeUser(r, control.UserChange{MFA: &on}, notice{Text: text})
}

// savePassword sets the password that was entered, or a generated one.
func (c *Console) savePassword(r *http.Request) (string, notice, error) {
	email := r.PathValue("email")
	password, err := c.Control.ResetPassword(r.Context(), email, r.PostForm.Get("password"))
	return userPath(email), notice{
		Text:   "The password was changed, the account is unlocked, and all sign-ins have ended.",
		Values: []value{{"Password", password}},
	}, err
}

func (c *Console) revoke(r *http.Request) (string, notice, error) {
	email := r.PathValue("email")
	err := c.Control.RevokeSessions(r.Context(), email)
	return userPath(email), notice{Text: "All sign-ins of this user have ended."}, err
}

func (c *Console) changeUser(
	r *http.Request,
	change control.UserChange,
	n notice,
) (string, notice, error) {
	email := r.PathValue("email")
	return userPath(email), n, c.Control.ChangeUser(r.Context(), email, change)
}
