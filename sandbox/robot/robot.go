// Package robot plays a person at a browser: it opens a sign-in page, fills in
// the forms as that person would, and follows them to the redirect URI. It runs
// no script, as the pages need none.
package robot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
)

// Person is who sits at the browser.
type Person struct {
	Email    string
	Password string
	Name     string // for a new account
	// Code reads the newest one-time code from the person's mail box.
	Code func(ctx context.Context) (string, error)
	// SignUp makes a new account, Cancel gives up on the first page, Forgot sets
	// Password anew, with a mailed code.
	SignUp bool
	Cancel bool
	Forgot bool
	// Slips are passwords typed wrong before the right one.
	Slips []string
}

// Browser is a browser with its cookies. It is not safe for concurrent use.
type Browser struct {
	person Person
	http   *http.Client
	// Forms are the ids of the forms that were filled in, in order.
	Forms []string
	// UserCode is what a device shows, for the page that asks for it.
	UserCode string
}

// Page is what the browser shows in the end.
type Page struct {
	URL    string
	Status int
	Text   string
}

const (
	mostForms = 20      // of one sign-in; a loop ends here
	mostPage  = 1 << 20 // bytes of a page
)

// New returns a browser with no cookies. A nil transport is net/http's own.
func New(p Person, transport http.RoundTripper) (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make browser: %w", err)
	}
	return &Browser{person: p, http: &http.Client{Jar: jar, Transport: transport}}, nil
}

// Become lets another person sit down at the browser, which keeps its cookies.
func (b *Browser) Become(p Person) { b.person = p }

// Open goes to an address and on through the forms until a page has none, and
// returns that page.
func (b *Browser) Open(ctx context.Context, address string) (Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Page{}, fmt.Errorf("open page: %w", err)
	}
	for range mostForms {
		page, forms, err := b.visit(req)
		if err != nil {
			return Page{}, err
		}
		f, ok := b.choose(forms)
		if !ok {
			return page, nil
		}
		if err := b.fill(ctx, &f); err != nil {
			return Page{}, err
		}
		if req, err = f.submit(ctx, page.URL); err != nil {
			return Page{}, err
		}
	}
	return Page{}, errors.New("open page: the forms never end")
}

// visit loads a page, with the headers by which a server knows a navigation.
func (b *Browser) visit(req *http.Request) (Page, []form, error) {
	req.Header.Set("User-Agent", "profilectl-robot")
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	res, err := b.http.Do(req)
	if err != nil {
		return Page{}, nil, fmt.Errorf("open page: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostPage))
	if err != nil {
		return Page{}, nil, fmt.Errorf("read page: %w", err)
	}
	forms, text, err := parse(string(body))
	if err != nil {
		return Page{}, nil, err
	}
	return Page{URL: res.Request.URL.String(), Status: res.StatusCode, Text: text}, forms, nil
}

// choose picks the form that the person would use.
func (b *Browser) choose(forms []form) (form, bool) {
	byID := map[string]form{}
	for _, f := range forms {
		byID[f.id] = f
	}
	wish := []string{"form-post", "code-form", "account", "sign-up", "sign-in", "device"}
	if b.person.SignUp && !b.used("sign-up") {
		wish = []string{"form-post", "code-form", "sign-up", "new"}
	}
	if b.person.Forgot && !b.used("new-password") {
		wish = []string{"form-post", "new-password", "code-form", "forgot", "forgotten"}
	}
	if b.person.Cancel && !b.used("cancel") {
		wish = []string{"cancel"}
	}
	if b.person.Cancel && b.used("cancel") {
		wish = []string{"form-post"}
	}
	for _, f := range forms { // the account picker: their own, or another
		if f.values.Get("account") == b.person.Email && b.person.Email != "" && !b.person.Cancel {
			return f, true
		}
	}
	if f, ok := byID["other"]; ok && !b.person.Cancel {
		return f, true
	}
	for _, id := range wish {
		if f, ok := byID[id]; ok {
			return f, true
		}
	}
	return form{}, false
}

func (b *Browser) used(id string) bool {
	return slices.Contains(b.Forms, id)
}

// fill types into a form.
func (b *Browser) fill(ctx context.Context, f *form) error {
	b.Forms = append(b.Forms, f.id)
	switch f.id {
	case "sign-in":
		password := b.person.Password
		if len(b.person.Slips) > 0 {
			password, b.person.Slips = b.person.Slips[0], b.person.Slips[1:]
		}
		f.values.Set("email", b.person.Email)
		f.values.Set("password", password)
	case "sign-up":
		f.values.Set("email", b.person.Email)
		f.values.Set("password", b.person.Password)
		f.values.Set("name", b.person.Name)
	case "forgot":
		f.values.Set("email", b.person.Email)
	case "new-password":
		f.values.Set("password", b.person.Password)
	case "device":
		f.values.Set("otc", b.UserCode)
	case "code-form":
		if b.person.Code == nil {
			return errors.New("a one-time code is asked for and there is no mail box")
		}
		code, err := b.person.Code(ctx)
		if err != nil {
			return fmt.Errorf("read mail: %w", err)
		}
		f.values.Set("code", code)
	}
	return nil
}

// submit makes the request of a filled-in form.
func (f form) submit(ctx context.Context, page string) (*http.Request, error) {
	base, err := url.Parse(page)
	if err != nil {
		return nil, fmt.Errorf("submit form: %w", err)
	}
	target, err := base.Parse(f.action)
	if err != nil {
		return nil, fmt.Errorf("submit form: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(f.values.Encode()))
	if err != nil {
		return nil, fmt.Errorf("submit form: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", base.Scheme+"://"+base.Host)
	site := "cross-site"
	if target.Host == base.Host {
		site = "same-origin"
	}
	req.Header.Set("Sec-Fetch-Site", site)
	return req, nil
}
