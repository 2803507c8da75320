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
	"unicode"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/authority"
)

//go:embed page.html page.css
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page.html"))

// page is the last thing the browser shows. It runs no script and loads
// nothing.
type page struct {
	OK      bool
	Title   string
	Message string
	Account string // who signed in; empty where nobody did
	Host    string // of the tenant
	Tenant  string // its id
	Next    string // what to do now
}

func success(account string, a authority.Authority) page {
	host := ""
	if u, err := url.Parse(a.AuthorizationEndpoint); err == nil {
		host = u.Host
	}
	return page{OK: true, Title: "You are signed in", Account: account, Host: host, Tenant: a.TenantID, Next: "You can close this tab and go back to the terminal."}
}

func failure(what, fix string) page {
	return page{Title: "Signing in did not work", Message: sentence(what), Next: "Close this tab and go back to the terminal. To mend it: " + fix + "."}
}

// sentence writes a fault's words as a page does.
func sentence(what string) string {
	first, size := utf8.DecodeRuneInString(what)
	return string(unicode.ToUpper(first)) + what[size:] + "."
}

func nothing() page {
	return page{Title: "Nothing to see here", Message: "profilectl waits at this address for a sign-in to finish.", Next: "You can close this tab."}
}

// write sends the page. A code or an error came by POST, so neither the
// address bar nor the history holds any of it.
func (p page) write(w http.ResponseWriter, status int) {
	css, err := pageFiles.ReadFile("page.css")
	if err != nil { // embedded at build time
		css = nil
	}
	sum := sha256.Sum256(css)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Connection", "close")
	var out bytes.Buffer
	if pageTemplate.Execute(&out, struct {
		page
		CSS template.CSS
	}{p, template.CSS(css)}) != nil { //nolint:gosec // the style sheet is embedded
		out.Reset() // an empty page beats half of one
	}
	// With its length given, the page is whole once it is flushed, and the
	// listener may close.
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a closed tab is no error
}
