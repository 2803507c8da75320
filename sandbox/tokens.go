package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

const graphURI = "https://graph.microsoft.com"

// signToken signs a token for a test. It starts from the one that the token endpoint
// would issue, and changes what the request asks for. Without a change, the token is
// the genuine one.
func (t *Tenant) signToken(r *http.Request, q control.TokenRequest) (signed control.SignedToken, err error) {
	if err := checkTokenRequest(q); err != nil {
		return signed, err
	}
	var g sts.Genuine
	var keys []directory.Key
	t.directory.View(func(d *directory.State) {
		keys = d.Keys
		g, err = t.genuine(d, q)
	})
	if err != nil {
		return signed, err
	}
	genuine, err := t.sts.Issue(r, g)
	if err != nil {
		return signed, err
	}
	_, claims, err := token.Decode(genuine)
	if err != nil {
		return signed, err
	}
	changed := t.changeClaims(claims, q)
	f := token.Forgery{Algorithm: cmp.Or(q.Algorithm, "RS256"), WrongKey: q.WrongKey}
	if q.UnknownKeyID {
		f.KeyID = "an-unknown-key"
	}
	signed.Token = genuine
	if changed || f != (token.Forgery{Algorithm: "RS256"}) {
		if signed.Token, err = t.signer.Forge(keys, claims, f); err != nil {
			return signed, err
		}
	}
	signed.Header, signed.Claims, err = token.Decode(signed.Token)
	return signed, err
}

func checkTokenRequest(q control.TokenRequest) error {
	switch {
	case q.Version < 0 || q.Version > 2:
		return errors.New("the version of a token is 1 or 2")
	case q.AppOnly && q.IDToken:
		return errors.New("a token is app-only or an ID token, not both")
	case q.AppOnly && (q.User != "" || len(q.Scopes) > 0):
		return errors.New("an app-only token has no user and no scopes")
	case q.IDToken && (q.API != "" || len(q.Scopes) > 0 || q.Version == 1):
		return errors.New("an ID token is for the client: it has no API, no scopes and version 2")
	case q.Expired && q.NotYetValid:
		return errors.New("a token is expired or not yet valid, not both")
	case q.WrongAudience && q.Audience != "":
		return errors.New("a token has an audience or a wrong audience, not both")
	}
	return nil
}

// genuine returns what to ask the token service for.
func (t *Tenant) genuine(d *directory.State, q control.TokenRequest) (g sts.Genuine, err error) {
	facts := t.factsIn(d)
	client := cmp.Or(q.Client, facts.ClientID)
	if q.AppOnly {
		client = cmp.Or(q.Client, facts.WebClientID)
	}
	app, ok := d.AppByID(client)
	if !ok {
		return g, missingError("app " + client)
	}
	user, ok := d.UserByEmail(cmp.Or(q.User, facts.User))
	if !ok {
		return g, missingError("account " + cmp.Or(q.User, facts.User))
	}
	scope := "openid profile email"
	if !q.IDToken {
		if scope, err = scopeOf(d, cmp.Or(q.API, d.MidTier), q); err != nil {
			return g, err
		}
	}
	return sts.Genuine{
		Client:  *app,
		User:    *user,
		Scope:   scope,
		MFA:     !q.NoMFA,
		AppOnly: q.AppOnly,
		IDToken: q.IDToken,
	}, nil
}

// scopeOf returns the scope parameter for an API.
func scopeOf(d *directory.State, name string, q control.TokenRequest) (string, error) {
	prefix := graphURI
	if name != graphURI && name != sts.GraphID {
		api, ok := d.AppByURI(name)
		if !ok {
			return "", missingError("API " + name)
		}
		prefix = cmp.Or(api.AppIDURI(), api.ID)
	}
	if q.AppOnly {
		return prefix + "/.default", nil
	}
	if len(q.Scopes) == 0 {
		return prefix + "/.default openid profile", nil
	}
	return prefix + "/" + strings.Join(q.Scopes, " "+prefix+"/") + " openid profile", nil
}

// changeClaims changes the claims as the request says. It reports whether it changed
// any.
func (t *Tenant) changeClaims(claims map[string]any, q control.TokenRequest) bool {
	before := fmt.Sprint(claims)
	if q.Version != 0 && !q.IDToken {
		t.setVersion(claims, q)
	}
	if len(q.Contexts) > 0 && !q.AppOnly {
		claims["acrs"] = q.Contexts
	}
	now, life := t.now(), time.Hour
	setTimes := func(from time.Time) {
		claims["iat"], claims["nbf"], claims["exp"] = from.Unix(), from.Unix(), from.Add(life).Unix()
	}
	for _, change := range []struct {
		wanted bool
		apply  func()
	}{
		{q.Expired, func() { setTimes(now.Add(-2 * life)) }},
		{q.NotYetValid, func() { setTimes(now.Add(life)) }},
		{q.Audience != "", func() { claims["aud"] = q.Audience }},
		{q.WrongAudience, func() { claims["aud"] = directory.NewID() }},
		{q.WrongIssuer, func() { claims["iss"] = "https://issuer.example/" + t.Facts().TenantID + "/v2.0" }},
		{q.WrongTenant, func() { claims["tid"] = directory.NewID() }},
	} {
		if change.wanted {
			change.apply()
		}
	}
	maps.Copy(claims, q.Claims)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return fmt.Sprint(claims) != before
}

// setVersion gives an access token the claims of a version (learn.microsoft.com,
// "Access token claims reference").
func (t *Tenant) setVersion(claims map[string]any, q control.TokenRequest) {
	facts := t.Facts()
	versions := []struct{ ver, iss, client, acr string }{
		{"1.0", "https://sts.windows.net/" + facts.TenantID + "/", "appid", "appidacr"},
		{"2.0", facts.Authority + "/v2.0", "azp", "azpacr"},
	}
	want, other := versions[q.Version-1], versions[2-q.Version]
	if claims["ver"] == want.ver {
		return
	}
	claims["ver"], claims["iss"] = want.ver, want.iss
	claims[want.client], claims[want.acr] = claims[other.client], claims[other.acr]
	delete(claims, other.client)
	delete(claims, other.acr)
	t.directory.View(func(d *directory.State) {
		api, ok := d.AppByURI(cmp.Or(q.API, d.MidTier))
		if ok && q.Version == 1 && api.AppIDURI() != "" {
			claims["aud"] = api.AppIDURI()
		} else if ok {
			claims["aud"] = api.ID
		}
	})
}

func (t *Tenant) controlSignToken(r *http.Request) (any, error) {
	q, err := decode[control.TokenRequest](r)
	if err != nil {
		return nil, err
	}
	return t.signToken(r, q)
}
