package sts

import (
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/markup"
)

//go:embed pages/*.html
var pageFiles embed.FS

// pageStyle is the style sheet, which every page contains.
//
//go:embed pages/style.css
var pageStyle string

// pageTemplates returns the parsed templates of all pages.
var pageTemplates = sync.OnceValues(func() (*markup.Set, error) {
	return markup.Parse(pageFiles, "pages/*.html", map[string]markup.Func{
		"clock": func(args ...any) (any, error) {
			if at, ok := args[0].(time.Time); ok {
				return at.Format(time.TimeOnly), nil
			}
			return nil, fmt.Errorf("%T is not a time", args[0])
		},
	})
})

// view holds the data of a page. Each page uses only some of the fields.
type view struct {
	Title     string
	Error     string            // what is wrong with the user's input
	Tx        string            // the transaction of the page's forms
	App       string            // the name of the app that the user signs in to
	Hint      string            // the email address to fill in
	Accounts  []string          // email addresses of the accounts that are signed in
	To        string            // masked email address that the code was sent to
	SignUp    bool              // whether the code is for a new account, or one can be created
	Value     string            // the user code to fill in
	Scopes    []string          // the scopes that an administrator has to grant
	Name      string            // the display name to fill in
	Wrong     string            // the field of the sign-up page that is invalid
	Questions []question        // of the sign-up page
	Text      string            // the text of a message page
	Action    string            // where the form-post page posts to
	Fields    url.Values        // what the form-post page posts
	Frames    []string          // addresses that the signed-out page loads
	Details   []detail          // of an error
	Mail      []control.Message // the messages of the mailbox page
	Tenant    string            // the tenant's subdomain
	Nonce     string            // allows the script of the form-post page
	CSS       markup.Raw        // the style sheet
}

// show renders a page of a transaction. problem is an error in the user's input, or empty.
func (s *STS) show(w http.ResponseWriter, r *http.Request, t *transaction, page, problem string) {
	v := view{
		Title:  pageTitle(page),
		Error:  problem,
		Tx:     t.id,
		App:    t.app.Name,
		Hint:   t.hint,
		SignUp: t.signUp != nil,
	}
	switch page {
	case "account":
		v.Accounts = s.signedInEmails(r)
	case "consent", "grant":
		v.Scopes = t.unconsented
	case "sign-up":
		v.Name, v.Wrong, v.Questions = t.typed.Get("name"), t.wrong, s.questions(t)
	case "sign-in":
		v.SignUp = s.allowsSignUp(t.app.ID)
	case "code":
		s.mu.Lock()
		if t.code != nil {
			v.To = maskEmail(t.code.to)
		}
		s.mu.Unlock()
	}
	s.recordPage(r, t, page, problem)
	s.render(w, r, http.StatusOK, page, v, origin(t.redirect.uri))
}

func pageTitle(page string) string {
	switch page {
	case "account":
		return "Pick an account"
	case "consent":
		return "Need admin approval"
	case "grant":
		return "Permissions requested"
	case "code":
		return "Enter code"
	case "forgot":
		return "Get back into your account"
	case "new-password":
		return "Choose a new password"
	case "sign-up":
		return "Create account"
	default:
		return "Sign in"
	}
}

func (s *STS) signedInEmails(r *http.Request) (emails []string) {
	for _, a := range s.signedIn(r) {
		if user, ok := s.findUser(a.UserID); ok {
			emails = append(emails, user.Email)
		}
	}
	return emails
}

// maskEmail hides most of an email address, as Entra's page does: c*****y@contoso.example.
func maskEmail(address string) string {
	for i, c := range address {
		if c == '@' && i > 0 {
			return address[:1] + "*****" + address[i-1:]
		}
	}
	return address
}

// formPost shows a page that posts the authorization response to the client by script, with
// a button for browsers without scripts (OAuth 2.0 Form Post Response Mode).
func (s *STS) formPost(w http.ResponseWriter, r *http.Request, action string, fields url.Values) {
	v := view{Title: "Continue", Action: action, Fields: fields}
	s.render(w, r, http.StatusOK, "form-post", v, origin(action))
}

// message shows a page without a form.
func (s *STS) message(w http.ResponseWriter, r *http.Request, title, text string) {
	audit.From(r.Context()).Shown("showed the page %q", title)
	s.render(w, r, http.StatusOK, "message", view{Title: title, Text: text}, "")
}

func (s *STS) home(w http.ResponseWriter, r *http.Request) {
	s.message(w, r, "A sandbox tenant",
		"This is a temporary Microsoft Entra External ID tenant for development. "+
			"Its accounts and tokens are not valid anywhere else.")
}

// errorPage shows an error that must not be sent to a redirect URI.
func (s *STS) errorPage(w http.ResponseWriter, r *http.Request, e *entraError) {
	t := s.refuse(r, e)
	v := view{
		Title: "Sorry, but we're having trouble signing you in.",
		Text:  e.Error() + ": " + e.text,
		Details: []detail{
			{"Request Id", t.id},
			{"Correlation Id", t.correlationID},
			{"Timestamp", t.timestamp},
			{"Message", e.Error() + ": " + e.text},
		},
	}
	s.render(w, r, e.code.status(), "message", v, "")
}

// detail is a line of what an error page shows for the people who look for the cause.
type detail struct{ Name, Value string }

// render writes a page. formTarget is the only other origin that the page's forms may lead
// to. It is needed for redirects too, because Chromium applies form-action to the redirects
// that follow a post.
func (s *STS) render(
	w http.ResponseWriter,
	r *http.Request,
	status int,
	page string,
	v view,
	formTarget string,
) {
	v.CSS = markup.Raw(pageStyle)
	v.Nonce = rand.Text()
	s.Directory.View(func(d *directory.State) { v.Tenant = d.Subdomain })
	templates, err := pageTemplates()
	var text []byte
	if err == nil {
		text, err = templates.Render(page+".html", v)
	}
	if err != nil {
		s.Log.Error("render page", "page", page, "error", err)
		http.Error(w, "cannot show the page", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentSecurityPolicy(v.Nonce, formTarget, v.Frames))
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // fails only if the browser has disconnected
}

// contentSecurityPolicy allows the page's own style sheet, the script with the nonce, forms
// that lead to the tenant or to formTarget, and the origins of the frames.
func contentSecurityPolicy(nonce, formTarget string, frames []string) string {
	frameSources := ""
	if len(frames) > 0 {
		frameSources = "; frame-src"
		for _, address := range frames {
			frameSources += " " + origin(address)
		}
	}
	styleHash := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'" +
		"; style-src 'sha256-" + base64.StdEncoding.EncodeToString(styleHash[:]) + "'" +
		"; script-src 'nonce-" + nonce + "'" +
		"; img-src data:" +
		"; form-action 'self' " + formTarget +
		frameSources +
		"; frame-ancestors 'none'" +
		"; base-uri 'none'"
}
