package auth

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
)

//go:embed page.html page.css
var pageFiles embed.FS

// pageTemplate returns the template of all pages.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(pageFiles, "page.html"))
})

// page is the final page of a sign-in. It runs no script and loads nothing.
type page struct {
	OK      bool
	Title   string
	Message string
	Account string // the account that signed in; empty if none did
	Host    string // of the tenant
	Tenant  string // its id
	Next    string // what the user can do now
}

// successPage returns the page that shows who is signed in.
func successPage(account string, a authority.Authority) page {
	host := ""
	if u, err := url.Parse(a.AuthorizationEndpoint); err == nil {
		host = u.Host
	}
	return page{
		OK:      true,
		Title:   "You are signed in",
		Account: account,
		Host:    host,
		Tenant:  a.TenantID,
		Next:    "You can close this tab and return to the terminal.",
	}
}

// failurePage returns the page that shows why the sign-in failed and what to do next.
func failurePage(f *fault.Error) page {
	return page{
		Title:   "Sign-in failed",
		Message: sentence(f.What),
		Next:    sentence(f.Advice()) + " You can close this tab.",
	}
}

// unexpectedPage returns the page for requests that do not belong to the sign-in.
func unexpectedPage() page {
	return page{
		Title:   "Nothing to see here",
		Message: "profilectl uses this address to complete a sign-in.",
		Next:    "You can close this tab.",
	}
}

// sentence returns the words of a fault as a sentence.
func sentence(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:] + "."
}

// write sends the page. The code or the error arrived by POST, so neither the
// address bar nor the history of the browser contains it.
func (p page) write(w http.ResponseWriter, status int) {
	css, err := pageFiles.ReadFile("page.css")
	if err != nil { // embedded at build time
		css = nil
	}
	var out bytes.Buffer
	if pageTemplate().Execute(&out, struct {
		page
		CSS template.CSS
	}{p, template.CSS(css)}) != nil { //nolint:gosec // the style sheet is embedded
		out.Reset() // an empty page is better than half a page
	}
	setHeaders(w.Header(), css)
	// With Content-Length, the page is complete when it has been flushed, and the
	// listener may close.
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // fails if the tab was closed
}

// setHeaders forbids everything but the page and its style sheet.
func setHeaders(h http.Header, css []byte) {
	sum := sha256.Sum256(css)
	policy := []string{
		"default-src 'none'",
		"style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"img-src data:",
		"frame-ancestors 'none'",
		"base-uri 'none'",
		"form-action 'none'",
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", strings.Join(policy, "; "))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Connection", "close")
}
