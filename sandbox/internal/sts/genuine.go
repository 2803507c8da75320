package sts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// Genuine describes a token that a client could get at the token endpoint.
type Genuine struct {
	Client  directory.App
	User    directory.User // ignored in an app-only token
	Scope   string         // scope parameter
	MFA     bool           // whether the user completed a second factor
	AppOnly bool           // a token for the client itself
	IDToken bool           // an ID token instead of an access token
}

// Issue returns a token without a sign-in. The policies are not checked.
func (s *STS) Issue(r *http.Request, g Genuine) (string, error) {
	azpacr := azpacrPublic
	if !g.Client.Public() {
		azpacr = azpacrSecret
	}
	if g.AppOnly {
		return s.issueAppOnly(r, g, azpacr)
	}
	resolved, e := s.resolve(g.Scope, g.Client)
	if e != nil {
		return "", e
	}
	i := issuance{
		app:    g.Client,
		azpacr: azpacr,
		grant:  resolved,
		auth: authentication{
			UserID: g.User.ID,
			At:     s.Now(),
			MFA:    g.MFA,
			Family: directory.NewID(),
		},
	}
	if g.IDToken {
		return s.idToken(r, i, g.User)
	}
	return s.accessToken(r, i, g.User, randomLifetime())
}

// issueAppOnly returns the token of the client credentials grant.
func (s *STS) issueAppOnly(r *http.Request, g Genuine, azpacr string) (string, error) {
	w := &buffer{header: http.Header{}}
	s.appOnly(w, r, tokenRequest{app: g.Client, azpacr: azpacr, form: url.Values{"scope": {g.Scope}}})
	var response struct {
		Token string `json:"access_token"`
		Error string `json:"error_description"`
	}
	if err := json.Unmarshal(w.body.Bytes(), &response); err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	if response.Token == "" {
		return "", errors.New(response.Error)
	}
	return response.Token, nil
}

// buffer is an http.ResponseWriter that keeps the body.
type buffer struct {
	header http.Header
	body   bytes.Buffer
}

// Header returns the header, which is not used.
func (b *buffer) Header() http.Header { return b.header }

// WriteHeader does nothing.
func (b *buffer) WriteHeader(int) {}

// Write keeps the bytes.
func (b *buffer) Write(p []byte) (int, error) { return b.body.Write(p) }
