package serve

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/obo"
)

// Probe examines the tenant with the settings and the credential of a mid-tier, and
// serves no request. It is not safe for concurrent use before Connect has returned.
type Probe struct {
	settings   Settings
	credential obo.Credential
	attributes *customFields // nil for none
	tenant     authority.Authority
	exchanger  *obo.Exchanger
	// passwords exchanges tokens for changes of passwords.
	passwords *obo.Exchanger
	// application is nil if users can change no custom attributes.
	application *obo.Application
	graph       *graph.Client
	verifier    *bearer.Verifier
}

// NewProbe returns a Probe that has sent nothing. It fails with a Usage fault if the
// client id, the credential or the custom attributes cannot be used. log receives warnings about the credential.
func NewProbe(s Settings, log *slog.Logger) (*Probe, error) {
	s = s.withDefaults()
	credential, err := s.identity(log)
	if err != nil {
		return nil, err
	}
	attributes, err := openAttributes(s, log)
	if err != nil {
		return nil, err
	}
	return &Probe{settings: s, credential: credential, attributes: attributes}, nil
}

// Connect discovers the tenant and fetches its signing keys, until ctx is done. What it
// starts in the background ends with life.
func (p *Probe) Connect(ctx, life context.Context) error {
	client, err := p.settings.client(nil, nil)
	if err != nil {
		return err
	}
	if p.tenant, err = discover(ctx, p.settings, client, discoveryTimeout); err != nil {
		return err
	}
	for _, e := range []struct {
		scope string
		into  **obo.Exchanger
	}{{graphScope, &p.exchanger}, {passwordScope, &p.passwords}} {
		if *e.into, err = obo.New(obo.Config{
			Authority:  p.tenant,
			ClientID:   p.settings.ClientID,
			Credential: p.credential,
			HTTP:       client,
			Scope:      e.scope,
		}); err != nil {
			return err
		}
	}
	p.graph = &graph.Client{Base: p.settings.Graph, HTTP: client}
	if p.application, err = newApplication(p.settings, p.tenant, p.attributes, client); err != nil {
		return err
	}
	p.verifier, err = bearer.New(life, bearer.Config{
		Authority:   p.tenant,
		ClientID:    p.settings.ClientID,
		Audiences:   p.settings.Audiences,
		Scope:       ownScope,
		AuthContext: p.settings.AuthContext,
		MaxAge:      p.settings.MaxAge,
		HTTP:        client,
		Log:         slog.New(slog.DiscardHandler),
	})
	return err
}

// TenantID returns the id of the tenant. Connect must have succeeded.
func (p *Probe) TenantID() string { return p.tenant.TenantID }

// ClientID returns the client id of the mid-tier.
func (p *Probe) ClientID() string { return p.settings.ClientID }

// AuthContext returns the authentication context that the mid-tier requires, or an empty
// string.
func (p *Probe) AuthContext() string { return p.settings.AuthContext }

// Scope returns the scope of the mid-tier with the App ID URI that Microsoft's
// quickstart chooses.
func (p *Probe) Scope() string { return "api://" + p.settings.ClientID + "/" + ownScope }

// CertificateExpires returns when the client certificate expires, or the zero time if the
// credential is another one.
func (p *Probe) CertificateExpires() time.Time { return p.credential.Expires() }

// UsesSecret reports whether the credential is a client secret.
func (p *Probe) UsesSecret() bool {
	return p.settings.Credential.Secret != "" || p.settings.Credential.SecretFile != ""
}

// CheckCredential returns the fault with which the tenant rejects the credential, or nil.
func (p *Probe) CheckCredential(ctx context.Context) error { return p.exchanger.Check(ctx) }

// ChangesAttributes reports whether users may change custom attributes.
func (p *Probe) ChangesAttributes() bool {
	return p.attributes != nil && p.attributes.credential != nil
}

// CheckAttributes returns why the second credential cannot change custom attributes, or
// nil if it can. Users must be allowed to change some; see ChangesAttributes.
func (p *Probe) CheckAttributes(ctx context.Context) error {
	return p.attributes.check(ctx, p.application, p.graph)
}

// Token describes a caller's access token.
type Token struct {
	// Challenge is set if the token lacks the authentication context, or if its sign-in
	// was too long ago.
	Challenge *challenge.Challenge
	Version   string // of the format, such as "2.0"
	// NoAuthTime reports whether the age of sign-ins is limited, but not in the token.
	NoAuthTime bool
	caller     bearer.Caller
}

// Verify verifies an access token as the mid-tier does. It fails with the fault that a
// caller of the mid-tier would get.
func (p *Probe) Verify(ctx context.Context, token string) (Token, error) {
	caller, ch, err := p.verifier.Verify(ctx, http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return Token{}, err
	}
	claims, err := readPayload(token)
	if err != nil {
		return Token{}, err
	}
	return Token{
		Challenge:  ch,
		Version:    claims.Version,
		NoAuthTime: p.settings.MaxAge > 0 && claims.AuthTime == nil,
		caller:     caller,
	}, nil
}

// payload holds claims that the verifier does not return.
type payload struct {
	Version  string `json:"ver"`
	AuthTime *int64 `json:"auth_time"`
}

// readPayload returns claims of a verified token.
func readPayload(token string) (payload, error) {
	var claims payload
	_, rest, _ := strings.Cut(token, ".")
	part, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		return payload{}, fmt.Errorf("read claims: %w", err)
	}
	return claims, nil
}

// Exchange exchanges a verified token for a token of Microsoft Graph, which it discards.
// It returns the challenge of a tenant that requires a stronger sign-in, or the fault of
// one that rejects the exchange.
func (p *Probe) Exchange(ctx context.Context, t Token) (*challenge.Challenge, error) {
	return exchanged(ctx, p.exchanger, t)
}

// ChangesPasswords reports whether users may change their password.
func (p *Probe) ChangesPasswords() bool { return p.settings.AllowPasswordChange }

// ExchangeForPasswords is Exchange for a token with which the user's password can be changed.
func (p *Probe) ExchangeForPasswords(ctx context.Context, t Token) (*challenge.Challenge, error) {
	return exchanged(ctx, p.passwords, t)
}

func exchanged(ctx context.Context, e *obo.Exchanger, t Token) (*challenge.Challenge, error) {
	result, err := e.Exchange(ctx, obo.Assertion{
		Token:   t.caller.Assertion,
		Key:     t.caller.Key,
		Expires: t.caller.Expires,
	})
	return result.Challenge, err
}
