package control

import (
	"context"
	"net/http"
)

// TokenRequest describes a token for a test of an API. The zero value is an access
// token that the mid-tier accepts: of the seeded user, after a second factor.
type TokenRequest struct {
	// API is the client id or App ID URI of the API that the token is for, or
	// https://graph.microsoft.com. The default is the mid-tier.
	API string `json:"api,omitempty"`
	// Client is the client id of the app that the token is issued to. The default is
	// the public client, or the web app for an app-only token.
	Client string `json:"client,omitempty"`
	// User is an email address. The default is the seeded user.
	User string `json:"user,omitempty"`
	// Scopes are the names of the API's scopes. The default is all that the client
	// has consent for.
	Scopes []string `json:"scopes,omitempty"`
	// Contexts are the satisfied authentication contexts (acrs).
	Contexts []string `json:"contexts,omitempty"`
	// NoMFA makes it a token of a sign-in without a second factor. The token looks the
	// same; an exchange for an API that a policy guards is rejected.
	NoMFA bool `json:"noMfa,omitempty"`
	// AppOnly makes it a token of the client itself, without a user.
	AppOnly bool `json:"appOnly,omitempty"`
	// IDToken makes it an ID token for the client.
	IDToken bool `json:"idToken,omitempty"`
	// Version is the version of the token, 1 or 2. The default is the API's.
	Version int `json:"version,omitempty"`
	// Audience is the aud claim as it is written.
	Audience string `json:"audience,omitempty"`
	// Claims are further claims, which replace the usual ones. Null removes a claim.
	Claims map[string]any `json:"claims,omitempty"`

	Expired       bool `json:"expired,omitempty"`     // an hour ago
	NotYetValid   bool `json:"notYetValid,omitempty"` // valid in an hour
	WrongAudience bool `json:"wrongAudience,omitempty"`
	WrongIssuer   bool `json:"wrongIssuer,omitempty"`
	WrongTenant   bool `json:"wrongTenant,omitempty"` // tid of another tenant
	WrongKey      bool `json:"wrongKey,omitempty"`    // signed with a key that is not published
	UnknownKeyID  bool `json:"unknownKeyId,omitempty"`
	// Algorithm is RS256 (the default), RS384, RS512, PS256, HS256 or none.
	Algorithm string `json:"algorithm,omitempty"`
}

// SignedToken represents a token with its decoded parts.
type SignedToken struct {
	Token  string         `json:"token"`
	Header map[string]any `json:"header"`
	Claims map[string]any `json:"claims"`
}

// SignToken returns a token for a test of an API, which may be a broken one.
func (c *Client) SignToken(ctx context.Context, request TokenRequest) (SignedToken, error) {
	var signed SignedToken
	err := c.call(ctx, http.MethodPost, "/tokens", request, &signed)
	return signed, err
}
