package console

import (
	"embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/markup"
)

//go:embed pages
var files embed.FS

// templates returns the parsed templates of all pages.
var templates = sync.OnceValues(func() (*markup.Set, error) {
	return markup.Parse(files, "pages/*.html", templateFuncs())
})

// templateFuncs returns the functions that the pages use.
func templateFuncs() map[string]markup.Func {
	return map[string]markup.Func{
		"clock":    with1(func(t time.Time) any { return t.UTC().Format("2006-01-02 15:04:05") }),
		"has":      with2(func(form url.Values, name string) any { return form.Has(name) }),
		"join":     with2(func(words []string, separator string) any { return strings.Join(words, separator) }),
		"request":  with1(func(e control.AuditEntry) any { return e.Request() }),
		"segment":  with1(func(s string) any { return url.PathEscape(s) }),
		"sentence": with1(func(s string) any { return sentence(s) }),
		"tab":      newTab,
		"value":    with2(func(form url.Values, name string) any { return form.Get(name) }),
	}
}

// with1 makes a function of a template from one with a parameter.
func with1[A any](f func(A) any) markup.Func {
	return func(args ...any) (any, error) {
		if len(args) == 1 {
			if a, ok := args[0].(A); ok {
				return f(a), nil
			}
		}
		return nil, fmt.Errorf("wrong arguments: %T", args)
	}
}

// with2 makes a function of a template from one with two parameters.
func with2[A, B any](f func(A, B) any) markup.Func {
	return func(args ...any) (any, error) {
		if len(args) == 2 {
			a, okA := args[0].(A)
			b, okB := args[1].(B)
			if okA && okB {
				return f(a, b), nil
			}
		}
		return nil, fmt.Errorf("wrong arguments: %T", args)
	}
}

// tab is a link of the navigation.
type tab struct {
	Href, Label string
	Current     bool
}

// newTab returns the tab of a section. The arguments are the section, its address, the label,
// and the section of the page.
func newTab(args ...any) (any, error) {
	var words []string
	for _, arg := range args {
		words = append(words, fmt.Sprint(arg))
	}
	const wanted = 4
	if len(words) != wanted {
		return nil, fmt.Errorf("got %d arguments, want %d", len(words), wanted)
	}
	return tab{Href: words[1], Label: words[2], Current: words[0] == words[3]}, nil
}

// sentence returns a clause with a capital letter and a full stop.
func sentence(clause string) string {
	first, size := utf8.DecodeRuneInString(clause)
	if size == 0 {
		return ""
	}
	text := string(unicode.ToUpper(first)) + clause[size:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}

func serveStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "pages/style.css")
}

// screen is a page for browsers that opened a link.
type screen struct {
	template string
	section  string // the section of the navigation that it belongs to
	title    string
	load     func(r *http.Request) (any, error) // returns what the template calls Data
}

// action is what a form does. On success, the browser goes to next, where the notice
// is shown.
type action func(r *http.Request) (next string, n notice, err error)

// view is the data of a page.
type view struct {
	Title, Section string
	CSRF           string
	Problem        string     // why the form was not accepted
	Form           url.Values // what was entered
	Notice         notice
	Refresh        bool // whether the page reloads itself
	Data           any
}

const maxForm = 128 << 10 // bytes

// show returns the handler of a page.
func (c *Console) show(s screen) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := c.sessions.csrf(readCookie(r))
		if !ok {
			c.refuseStranger(w)
			return
		}
		v := view{CSRF: token, Notice: c.sessions.takeNotice(readCookie(r))}
		v.Refresh = r.URL.Query().Get("refresh") == "5"
		c.render(w, r, http.StatusOK, s, v)
	}
}

// act returns the handler of a form. After a problem, it shows the screen again with
// what was entered.
func (c *Console) act(s screen, do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie := readCookie(r)
		token, ok := c.sessions.csrf(cookie)
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		switch err := r.ParseForm(); {
		case !ok:
			c.refuseStranger(w)
			return
		case err != nil || !validCSRF(r, token):
			c.refuse(w, http.StatusForbidden, "This form is not valid",
				"Nothing was changed. Go back, reload the page, and try again.")
			return
		case do == nil: // closes the session
			c.sessions.end(cookie)
			c.setCookie(w, r, "")
			c.refuse(w, http.StatusOK, "You are signed out of the developer page", openAgain)
			return
		}
		next, n, err := do(r)
		if err != nil {
			v := view{CSRF: token, Problem: err.Error(), Form: r.PostForm}
			c.render(w, r, http.StatusUnprocessableEntity, s, v)
			return
		}
		c.sessions.setNotice(cookie, n)
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

// render sends a page.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, s screen, v view) {
	v.Title, v.Section = s.title, s.section
	if v.Form == nil {
		v.Form = url.Values{}
	}
	var err error
	if v.Data, err = s.load(r); err != nil {
		if rejected, ok := errors.AsType[*control.Error](err); ok {
			c.refuse(w, rejected.Status, "This does not exist", "The message is: "+rejected.Message+".")
			return
		}
		c.refuse(w, http.StatusInternalServerError, "The page cannot be shown", err.Error())
		return
	}
	write(w, status, s.template, v)
}

func write(w http.ResponseWriter, status int, name string, v view) {
	page, err := render(name+".html", v)
	if err != nil {
		http.Error(w, "cannot show the page", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page) // fails only if the browser has disconnected
}

func render(name string, v view) ([]byte, error) {
	set, err := templates()
	if err != nil {
		return nil, err
	}
	return set.Render(name, v)
}

// openAgain is how a browser gets a session.
const openAgain = "To open it, run `profilectl sandbox open`, or get a link from POST /control/page. " +
	"A link works once, and sessions end when the sandbox stops."

// refuseStranger sends the page for browsers without a session.
func (c *Console) refuseStranger(w http.ResponseWriter) {
	c.refuse(w, http.StatusForbidden, "Open the developer page with a new link", openAgain)
}

// refuse sends a page that shows nothing of the tenant.
func (c *Console) refuse(w http.ResponseWriter, status int, title, text string) {
	write(w, status, "message", view{Title: title, Data: text})
}

// open exchanges a link for a session. The page then leads on by itself, not by a
// redirect: browsers withhold a SameSite=Strict cookie from a redirect if the link was
// selected on another site, such as a terminal in the browser.
func (c *Console) open(w http.ResponseWriter, r *http.Request) {
	cookie, ok := c.sessions.redeem(r.URL.Query().Get("link"))
	if !ok {
		c.refuse(w, http.StatusForbidden, "This link has expired or was used already", openAgain)
		return
	}
	c.sessions.end(readCookie(r))
	c.setCookie(w, r, cookie)
	write(w, http.StatusOK, "opened", view{Title: "Opening the developer page"})
}
