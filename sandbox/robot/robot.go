// Package robot plays a user at a browser. It opens a sign-in page, fills in the
// forms as the user would, and follows them to the redirect URI. It runs no
// scripts, because the pages need none.
package robot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
)

// User describes what the user knows and does.
type User struct {
	Email    string
	Password string
	Name     string // for a new account
	// Code returns the newest one-time code in the user's mailbox. It is called
	// when a page asks for a code.
	Code func(ctx context.Context) (string, error)
	// SignUp creates an account instead of signing in.
	SignUp bool
	// Attributes are the answers of a new account on the sign-up page, by the names of the custom
	// attributes in Microsoft Graph.
	Attributes url.Values
	// Forgot resets the password to Password, with a code from the mailbox.
	Forgot bool
	// Cancel cancels on the first page.
	Cancel bool
	// WrongPasswords are typed before Password, one at each attempt.
	WrongPasswords []string
}

// Browser represents a browser with its cookies. It is not safe for concurrent
// use.
type Browser struct {
	user User
	http *http.Client
	// Forms are the ids of the forms that were submitted, in order.
	Forms []string
	// UserCode is the code that a device shows, for the page that asks for it.
	UserCode string
}

// Page represents a page that the browser shows.
type Page struct {
	URL    string
	Status int // HTTP status
	Text   string
}

const (
	maxForms = 20      // in one sign-in, to end loops
	maxBytes = 1 << 20 // of one page
)

// New returns a browser without cookies. If transport is nil, the browser uses
// http.DefaultTransport.
func New(user User, transport http.RoundTripper) (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("create browser: %w", err)
	}
	return &Browser{user: user, http: &http.Client{Jar: jar, Transport: transport}}, nil
}

// SetUser makes another user continue at the browser, which keeps its cookies.
func (b *Browser) SetUser(user User) { b.user = user }

// Open loads a page, submits its forms and those of the pages that follow, and
// returns the first page without a form that the user would submit.
func (b *Browser) Open(ctx context.Context, address string) (Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Page{}, fmt.Errorf("open page: %w", err)
	}
	for range maxForms {
		page, forms, err := b.load(req)
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
		if req, err = f.request(ctx, page.URL); err != nil {
			return Page{}, err
		}
	}
	return Page{}, fmt.Errorf("open page: more than %d forms", maxForms)
}

// load loads a page with the request headers of a navigation.
func (b *Browser) load(req *http.Request) (Page, []form, error) {
	req.Header.Set("User-Agent", "profilectl-robot")
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	res, err := b.http.Do(req)
	if err != nil {
		return Page{}, nil, fmt.Errorf("open page: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBytes))
	if err != nil {
		return Page{}, nil, fmt.Errorf("read page: %w", err)
	}
	forms, text, err := parse(string(body))
	if err != nil {
		return Page{}, nil, err
	}
	return Page{URL: res.Request.URL.String(), Status: res.StatusCode, Text: text}, forms, nil
}

// choose returns the form that the user would submit, if there is one.
func (b *Browser) choose(forms []form) (f form, ok bool) {
	if !b.user.Cancel {
		// An account picker: the account of the user, or the button for another one.
		for _, f := range forms {
			if b.user.Email != "" && f.values.Get("account") == b.user.Email {
				return f, true
			}
		}
		if i := slices.IndexFunc(forms, func(f form) bool { return f.id == "other" }); i >= 0 {
			return forms[i], true
		}
	}
	for _, id := range b.preferredForms() {
		if i := slices.IndexFunc(forms, func(f form) bool { return f.id == id }); i >= 0 {
			return forms[i], true
		}
	}
	return form{}, false
}

// preferredForms returns the ids of the forms that the user would submit next,
// the most preferred first.
func (b *Browser) preferredForms() []string {
	switch {
	case b.user.Cancel && b.submitted("cancel"):
		return []string{"form-post"}
	case b.user.Cancel:
		return []string{"cancel"}
	case b.user.Forgot && !b.submitted("new-password"):
		return []string{"form-post", "new-password", "code-form", "forgot", "forgotten"}
	case b.user.SignUp && !b.submitted("sign-up"):
		return []string{"form-post", "code-form", "sign-up", "new"}
	}
	return []string{"form-post", "code-form", "account", "sign-up", "sign-in", "device", "grant"}
}

func (b *Browser) submitted(id string) bool { return slices.Contains(b.Forms, id) }

// fill sets the fields of a form that the user types.
func (b *Browser) fill(ctx context.Context, f *form) error {
	b.Forms = append(b.Forms, f.id)
	switch f.id {
	case "sign-in":
		f.values.Set("email", b.user.Email)
		f.values.Set("password", b.nextPassword())
	case "sign-up":
		f.values.Set("email", b.user.Email)
		f.values.Set("password", b.user.Password)
		f.values.Set("name", b.user.Name)
		maps.Copy(f.values, b.user.Attributes)
	case "forgot":
		f.values.Set("email", b.user.Email)
	case "new-password":
		f.values.Set("password", b.user.Password)
	case "device":
		f.values.Set("otc", b.UserCode)
	case "code-form":
		if b.user.Code == nil {
			return errors.New("the page asks for a one-time code, and the user has no mailbox")
		}
		code, err := b.user.Code(ctx)
		if err != nil {
			return fmt.Errorf("read mail: %w", err)
		}
		f.values.Set("code", code)
	}
	return nil
}

// nextPassword returns the password that the user types next.
func (b *Browser) nextPassword() string {
	if len(b.user.WrongPasswords) == 0 {
		return b.user.Password
	}
	wrong := b.user.WrongPasswords[0]
	b.user.WrongPasswords = b.user.WrongPasswords[1:]
	return wrong
}
