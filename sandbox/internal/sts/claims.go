package sts

import (
	"crypto/rand"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// baseClaims returns the claims that all tokens have in common.
func (s *STS) baseClaims(life time.Duration) map[string]any {
	now := s.Now()
	return map[string]any{
		"tid": s.tenant().id,
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(life).Unix(),
		"uti": rand.Text(),
		"rh":  "1." + rand.Text(),
	}
}

// apiClaims returns the claims that access tokens for an API have whether or not they belong
// to a user. The API's registration decides between the formats v1.0 and v2.0, which have
// other names and another issuer (learn.microsoft.com, "Access token claims reference").
func (s *STS) apiClaims(
	r *http.Request,
	g grant,
	client directory.App,
	clientACR string,
	life time.Duration,
) map[string]any {
	claims := s.baseClaims(life)
	if g.api.TokenVersion == 2 {
		claims["ver"], claims["iss"], claims["aud"] = "2.0", s.origins(r).issuer, g.api.ID
		claims["azp"], claims["azpacr"] = client.ID, clientACR
		return claims
	}
	claims["ver"], claims["iss"], claims["aud"] = "1.0", issuerV1(s.tenant().id), g.audience
	if slices.Contains(g.api.OptionalClaims, "aud") {
		claims["aud"] = g.api.ID
	}
	claims["appid"], claims["appidacr"] = client.ID, clientACR
	return claims
}

// subject is the user that a token is about, and how the user signed in.
type subject struct {
	user    directory.User
	upn     string // userPrincipalName
	hint    string // login_hint
	address string // IP address of the client
	auth    authentication
	profile bool // whether the client requested the scope profile
}

func (s *STS) subject(r *http.Request, i issuance, user directory.User) subject {
	who := subject{
		user:    user,
		hint:    loginHint(s.tenant().sealKey, user.ID),
		auth:    i.auth,
		profile: i.grant.profile,
	}
	s.Directory.View(func(d *directory.State) { who.upn = d.PrincipalName(user.ID) })
	who.address, _, _ = net.SplitHostPort(r.RemoteAddr)
	return who
}

// addUser adds the claims that identify the user: sub always, and the object ID and the names
// only with the scope profile.
func (s *STS) addUser(claims map[string]any, who subject, audience string) {
	claims["sub"] = token.Pairwise(s.tenant().sealKey, who.user.ID, audience)
	if who.profile {
		claims["oid"], claims["name"] = who.user.ID, displayName(who.user)
	}
	switch {
	case claims["ver"] == "1.0":
		who.addVersion1(claims)
	case who.profile:
		claims["preferred_username"] = who.user.Email
	}
}

// addVersion1 adds the claims about a user that only v1.0 access tokens have: the names, and
// how the user authenticated.
func (who subject) addVersion1(claims map[string]any) {
	claims["acr"], claims["amr"] = "1", []string{"pwd"}
	if who.auth.MFA { // the second factor is a one-time code by email
		claims["amr"] = []string{"pwd", "otp", "mfa"}
	}
	claims["unique_name"], claims["upn"] = who.user.Email, who.upn
	for _, name := range []string{"family_name", "given_name", "ipaddr"} {
		who.addOptional(claims, name)
	}
}

// addGraph adds the claims that access tokens for Microsoft Graph have in addition to those of
// other v1.0 tokens. Published tokens of an external tenant have them; xms_st holds the user's
// sub for the client. Graph, which is Microsoft's own API, gets the object ID always.
func (s *STS) addGraph(claims map[string]any, i issuance, user directory.User) {
	claims["oid"] = user.ID
	claims["app_displayname"] = i.app.Name
	claims["acct"], claims["idtyp"], claims["tenant_region_scope"] = 0, "user", "EU"
	claims["xms_st"] = map[string]string{"sub": token.Pairwise(s.tenant().sealKey, user.ID, i.app.ID)}
}

// addContexts adds acrs: the requested authentication contexts and, if the token's recipient
// opted in to the optional claim, those whose policies the sign-in has satisfied anyway. Tokens
// are issued only after the policies of the requested ones are satisfied.
func (s *STS) addContexts(claims map[string]any, requested, optional []string, a authentication) {
	contexts := slices.Clone(requested)
	if a.MFA && slices.Contains(optional, "acrs") {
		s.Directory.View(func(d *directory.State) {
			for _, p := range d.Policies {
				if p.On() {
					contexts = append(contexts, knownContexts(p.Contexts)...)
				}
			}
		})
	}
	if len(contexts) > 0 {
		slices.Sort(contexts)
		claims["acrs"] = slices.Compact(contexts)
	}
}

// optionalClaims returns the functions that return the values of the supported optional
// claims; nil is no value (learn.microsoft.com, "Optional claims reference"). Those with
// another source are acrs and xms_cc, which the client requests, idtyp, which only app-only
// tokens have, and aud, which changes the audience of v1.0 tokens.
func optionalClaims() map[string]func(subject) any {
	property := func(name string) func(subject) any {
		return func(who subject) any { return who.property(name) }
	}
	ofProfile := func(value func(subject) any) func(subject) any {
		return func(who subject) any {
			if !who.profile {
				return nil
			}
			return value(who)
		}
	}
	return map[string]func(subject) any{
		"acct":                func(subject) any { return 0 },
		"auth_time":           func(who subject) any { return who.auth.At.Unix() },
		"ctry":                func(who subject) any { return who.country() },
		"email":               func(who subject) any { return who.user.Email },
		"family_name":         ofProfile(property("surname")),
		"given_name":          ofProfile(property("givenName")),
		"ipaddr":              func(who subject) any { return orNone(who.address) },
		"login_hint":          func(who subject) any { return who.hint },
		"preferred_username":  ofProfile(func(who subject) any { return who.user.Email }),
		"sid":                 func(who subject) any { return orNone(who.auth.Session) },
		"tenant_region_scope": func(subject) any { return "EU" },
		"upn":                 ofProfile(func(who subject) any { return who.upn }),
		"xms_pl":              func(who subject) any { return who.language() },
	}
}

// OptionalClaims returns the names of the optional claims that the tenant supports.
func OptionalClaims() []string {
	names := append(slices.Collect(maps.Keys(optionalClaims())), "acrs", "aud", "idtyp", "xms_cc")
	slices.Sort(names)
	return names
}

// addOptional adds an optional claim if it has a value.
func (who subject) addOptional(claims map[string]any, name string) {
	value, ok := optionalClaims()[name]
	if !ok {
		return
	}
	if v := value(who); v != nil {
		claims[name] = v
	}
}

// property returns a property of the user's profile, or nil.
func (who subject) property(name string) any {
	if value := who.user.Profile[name]; value != nil {
		return *value
	}
	return nil
}

// country returns the user's country if it is a two-letter code. Other values are left out.
func (who subject) country() any {
	if country, _ := who.property("country").(string); len(country) == 2 {
		return strings.ToUpper(country)
	}
	return nil
}

// language returns the user's preferred language as in en-us, or nil.
func (who subject) language() any {
	if language, ok := who.property("preferredLanguage").(string); ok {
		return strings.ToLower(language)
	}
	return nil
}

func orNone(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// issuerV1 returns the issuer of a tenant's v1.0 tokens.
func issuerV1(tenantID string) string { return "https://sts.windows.net/" + tenantID + "/" }
