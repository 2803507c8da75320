package auth

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // page.css
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
)

// pageStyle is the style sheet, which every page contains.
//
//go:embed page.css
var pageStyle string

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

// repeatedPage returns the page for a second response. It replaces the first one's page in the
// tab, and cannot say how the sign-in ended.
func repeatedPage() page {
	return page{
		Title:   "Return to the terminal",
		Message: "profilectl has received a response to this sign-in already.",
		Next:    "The terminal shows whether you are signed in. You can close this tab.",
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
	out := p.document()
	setHeaders(w.Header())
	// With Content-Length, the page is complete when it has been flushed, and the
	// listener may close.
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // fails if the tab was closed
}

// document returns the page as HTML. It does not use html/template, so that the linker can
// drop the methods that nothing calls (docs/explanation/adr/0012-templates-without-methods.md).
func (p page) document() *bytes.Buffer {
	attributes, mark := `role="alert"`, "!"
	if p.OK {
		attributes, mark = `class="ok" role="status"`, "&#10003;"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>%[1]s - profilectl</title>
<style>%[2]s</style>
</head>
<body>
<main %[3]s>
<p class="mark" aria-hidden="true">%[4]s</p>
<h1>%[1]s</h1>
`, html.EscapeString(p.Title), pageStyle, attributes, mark)
	if p.Message != "" {
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(p.Message))
	}
	if p.Account != "" {
		fmt.Fprintf(&b, `<dl>
<dt>Account</dt><dd>%s</dd>
<dt>Tenant</dt><dd>%s</dd>
<dt>Tenant ID</dt><dd class="id">%s</dd>
</dl>
`, html.EscapeString(p.Account), html.EscapeString(p.Host), html.EscapeString(p.Tenant))
	}
	fmt.Fprintf(&b, `<p class="next">%s</p>
</main>
</body>
</html>
`, html.EscapeString(p.Next))
	return &b
}

// setHeaders forbids everything but the page and its style sheet.
func setHeaders(h http.Header) {
	sum := sha256.Sum256([]byte(pageStyle))
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
