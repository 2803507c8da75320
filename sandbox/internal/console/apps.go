package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
)

func (c *Console) appRoutes(show showFunc, act actFunc) {
	apps := screen{template: "apps", section: "apps", title: "Apps", load: func(r *http.Request) (any, error) {
		return c.Control.Apps(r.Context())
	}}
	add := screen{template: "app-new", section: "apps", title: "Register an app", load: c.newApp}
	edit := screen{template: "app", section: "apps", title: "App registration", load: c.app}
	show("/sandbox/apps", apps)
	show("/sandbox/apps/new", add)
	act("/sandbox/apps/new", add, c.addApp)
	show("/sandbox/apps/edit/{id}", edit)
	act("/sandbox/apps/edit/{id}/permissions", edit, c.savePermissions)
	act("/sandbox/apps/edit/{id}/secret", edit, c.replaceSecret)
	act("/sandbox/apps/edit/{id}/credential", edit, c.addCredential)
}

func appPath(id string) string { return "/sandbox/apps/edit/" + url.PathEscape(id) }

// newApp returns the permissions that the form for a new app suggests.
func (c *Console) newApp(r *http.Request) (any, error) {
	if r.PostForm.Has("permissions") {
		return r.PostForm.Get("permissions"), nil
	}
	facts, err := c.Control.Facts(r.Context())
	return "User.Read\n" + facts.EditScope, err
}

func (c *Console) addApp(r *http.Request) (string, notice, error) {
	f := r.PostForm
	app := control.App{
		ID:              strings.TrimSpace(f.Get("id")),
		Name:            strings.TrimSpace(f.Get("name")),
		Public:          f.Get("kind") == "public",
		RedirectURIs:    fields(r, "redirectUris"),
		SPARedirectURIs: fields(r, "spaRedirectUris"),
		AppIDURI:        strings.TrimSpace(f.Get("appIdUri")),
		Scopes:          fields(r, "scopes"),
		Permissions:     append([]string{}, fields(r, "permissions")...),
	}
	if f.Get("tokenVersion") == "2" {
		app.TokenVersion = 2
	}
	added, err := c.Control.AddApp(r.Context(), app)
	n := notice{Text: "The app was registered.", Values: []value{{"Client ID", added.ID}}}
	if added.Secret != "" {
		n.Values = append(n.Values, value{"Client secret", added.Secret})
	}
	return appPath(added.ID), n, err
}

// appView is the data of the page of one app.
type appView struct {
	App         control.App
	Permissions string
}

func (c *Console) app(r *http.Request) (any, error) {
	apps, err := c.Control.Apps(r.Context())
	if err != nil {
		return nil, err
	}
	for _, a := range apps {
		if !strings.EqualFold(a.ID, r.PathValue("id")) {
			continue
		}
		v := appView{App: a, Permissions: strings.Join(a.Permissions, "\n")}
		if r.PostForm.Has("permissions") {
			v.Permissions = r.PostForm.Get("permissions")
		}
		return v, nil
	}
	return nil, &control.Error{
		Status:  http.StatusNotFound,
		Message: "the sandbox has no app " + r.PathValue("id"),
	}
}

func (c *Console) savePermissions(r *http.Request) (string, notice, error) {
	id := r.PathValue("id")
	err := c.Control.SetPermissions(r.Context(), id, fields(r, "permissions")...)
	return appPath(id), notice{Text: "The permissions were granted."}, err
}

func (c *Console) replaceSecret(r *http.Request) (string, notice, error) {
	id := r.PathValue("id")
	secret, err := c.Control.ReplaceSecret(r.Context(), id)
	return appPath(id), notice{
		Text:   "The app has a new secret. The old one is not valid any more.",
		Values: []value{{"Client secret", secret}},
	}, err
}

func (c *Console) addCredential(r *http.Request) (string, notice, error) {
	id, f := r.PathValue("id"), r.PostForm
	err := c.Control.AddCredential(r.Context(), id, control.Credential{
		Certificate: f.Get("certificate"),
		Issuer:      strings.TrimSpace(f.Get("issuer")),
		Subject:     strings.TrimSpace(f.Get("subject")),
		Key:         f.Get("key"),
	})
	return appPath(id), notice{Text: "The credential was added."}, err
}
