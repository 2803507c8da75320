package sts

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

//go:embed pages/*.html pages/style.css
var pageFiles embed.FS

var templates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// view is what the pages show.
type view struct {
	Title    string
	Error    string
	Tx       string // the transaction that the page's forms belong to
	App      string
	Hint     string   // the e-mail address to fill in
	Accounts []string // that are signed in with this browser
	To       string   // where the code was mailed to
	SignUp   bool     // the code verifies a new address
	Value    string
	Text     string
	Action   string
	Fields   url.Values
	Mail     []control.Message
	Tenant   string
	Nonce    string
	CSS      template.CSS
}

// show renders a step of a transaction.
func (s *STS) show(w http.ResponseWriter, r *http.Request, t *transaction, page, problem string) {
	v := view{Tx: t.id, App: t.app.Name, Hint: t.hint, Error: problem, SignUp: t.signUp != nil}
	switch page {
	case "sign-in":
		v.Title = "Sign in"
	case "sign-up":
		v.Title = "Create account"
	case "forgot":
		v.Title = "Get back into your account"
	case "new-password":
		v.Title = "Choose a new password"
	case "account":
		v.Title = "Pick an account"
		for _, f := range s.signedIn(r) {
			if user, _, ok := s.find(f.User, ""); ok {
				v.Accounts = append(v.Accounts, user.Email)
			}
		}
	case "code":
		v.Title = "Enter code"
		s.mu.Lock()
		if t.sent != nil {
			v.To = masked(t.sent.to)
		}
		s.mu.Unlock()
	}
	s.render(w, r, http.StatusOK, page, v, origin(t.redirect))
}

// masked hides most of an address, as Entra's page does.
func masked(address string) string {
	for i, c := range address {
		if c == '@' && i > 0 {
			return address[:1] + "*****" + address[i-1:]
		}
	}
	return address
}

// origin is the part of a redirect URI that a Content-Security-Policy names.
func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// formPost is the page that posts the answer by itself (OAuth 2.0 Form Post
// Response Mode), with a button for browsers without script.
func (s *STS) formPost(w http.ResponseWriter, r *http.Request, action string, fields url.Values) {
	s.render(w, r, http.StatusOK, "form-post", view{Title: "Continue", Action: action, Fields: fields}, origin(action))
}

func (s *STS) message(w http.ResponseWriter, r *http.Request, title, text string) {
	s.render(w, r, http.StatusOK, "message", view{Title: title, Text: text}, "")
}

func (s *STS) home(w http.ResponseWriter, r *http.Request) {
	s.message(w, r, "A sandbox tenant", "This is a throw-away Microsoft Entra External ID tenant for development. Nothing of it is valid anywhere else.")
}

// errorPage shows what must not be redirected.
func (s *STS) errorPage(w http.ResponseWriter, r *http.Request, f *refusal) {
	s.Log.Info("refuse", "path", r.URL.Path, "code", f.code)
	s.render(w, r, f.status, "message", view{Title: "Sorry, but we're having trouble signing you in.", Text: f.description(s.ids(r))}, "")
}

// render writes a page. formTarget is the one foreign origin that its forms may
// lead to: Chromium holds redirects after a post to form-action as well.
func (s *STS) render(w http.ResponseWriter, r *http.Request, status int, page string, v view, formTarget string) {
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil { // embedded at build time
		css = nil
	}
	v.CSS, v.Nonce = template.CSS(css), rand.Text()
	s.Directory.View(func(d *directory.State) { v.Tenant = d.Subdomain })
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, page+".html", v); err != nil {
		s.Log.Error("render page", "page", page, "error", err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256(css)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; script-src 'nonce-"+v.Nonce+"'; img-src data:; form-action 'self' "+formTarget+"; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a closed tab is no error
}

// anyRegistered tells whether some app may be returned to at uri after
// sign-out.
func (s *STS) anyRegistered(uri string) (found bool) {
	s.Directory.View(func(d *directory.State) {
		found = slices.ContainsFunc(d.Apps, func(a directory.App) bool { return registered(a, uri) })
	})
	return found
}
