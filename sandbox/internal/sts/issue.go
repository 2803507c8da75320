package sts

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

const (
	refreshLife = 90 * 24 * time.Hour // Entra's default for anything but single-page apps
	idTokenLife = time.Hour
)

// AuthTime is the one optional claim of access tokens that this tenant knows
// (learn.microsoft.com, "Optional claims reference").
const AuthTime = "auth_time"

// tokenBody is the token endpoint's answer.
type tokenBody struct {
	Type         string `json:"token_type"`
	Scope        string `json:"scope"`
	ExpiresIn    int    `json:"expires_in"`
	ExtExpiresIn int    `json:"ext_expires_in"`
	Access       string `json:"access_token"`
	Refresh      string `json:"refresh_token,omitempty"`
	ID           string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

// refreshToken is what a refresh token holds, sealed.
type refreshToken struct {
	Facts      Facts     `json:"k"`
	Client     string    `json:"c"`
	Generation int       `json:"g"`
	Expires    time.Time `json:"x"`
}

// issuance is one answer to be made.
type issuance struct {
	app    directory.App
	grant  grant
	facts  Facts
	nonce  string
	azpacr string // "0" public, "1" secret, "2" certificate
	info   bool   // client_info was asked for
}

// lifetime is a random 60 to 90 minutes, as Entra's default policy has it.
func lifetime() time.Duration {
	const low, spread = 60 * 60, 30*60 + 1
	n, err := rand.Int(rand.Reader, big.NewInt(spread))
	if err != nil { // crypto/rand never fails
		n = big.NewInt(0)
	}
	return time.Duration(low+n.Int64()) * time.Second
}

// issue makes all tokens of one answer.
func (s *STS) issue(w http.ResponseWriter, r *http.Request, i issuance) {
	body, f, err := s.tokens(r, i)
	switch {
	case err != nil:
		s.Log.Error("issue tokens", "error", err)
		http.Error(w, "tokens cannot be issued", http.StatusInternalServerError)
	case f != nil:
		s.fail(w, r, f)
	default:
		writeJSON(w, http.StatusOK, body)
	}
}

func (s *STS) tokens(r *http.Request, i issuance) (tokenBody, *refusal, error) {
	user, _, ok := s.find(i.facts.User, "")
	if !ok {
		return tokenBody{}, no(50034), nil
	}
	if i.facts.At.Before(user.NotBefore) {
		return tokenBody{}, no(50173), nil
	}
	var keys []directory.Key
	var tenantID string
	var sealKey []byte
	s.Directory.View(func(d *directory.State) { keys, tenantID, sealKey = d.Keys, d.TenantID, d.SealKey })
	life := lifetime()
	access, err := s.access(r, i, user, life)
	if err != nil {
		return tokenBody{}, nil, err
	}
	body := tokenBody{
		Type: "Bearer", Scope: strings.Join(i.grant.Echo, " "), Access: access,
		ExpiresIn: int(life.Seconds()), ExtExpiresIn: int(life.Seconds()),
	}
	if i.grant.OpenID {
		if body.ID, err = s.Signer.Sign(keys, s.idClaims(r, i, user, tenantID, sealKey)); err != nil {
			return tokenBody{}, nil, err
		}
	}
	if i.grant.Offline {
		if body.Refresh, err = s.refresh(i); err != nil {
			return tokenBody{}, nil, err
		}
	}
	if i.info {
		raw, err := json.Marshal(map[string]string{"uid": user.ID, "utid": tenantID})
		if err != nil {
			return tokenBody{}, nil, err
		}
		body.ClientInfo = base64.RawURLEncoding.EncodeToString(raw) // MSAL Go takes no padding
	}
	return body, nil, nil
}

// access makes a v2 access token. It carries no amr: that a second factor was
// given shows only in acrs, and inside the opaque aio.
func (s *STS) access(r *http.Request, i issuance, user directory.User, life time.Duration) (string, error) {
	var keys []directory.Key
	var tenantID string
	var sealKey []byte
	var optional []string
	s.Directory.View(func(d *directory.State) {
		keys, tenantID, sealKey = d.Keys, d.TenantID, d.SealKey
		if resource, ok := d.AppByID(i.grant.Resource); ok {
			optional = slices.Clone(resource.OptionalClaims)
		}
	})
	aio, err := token.Seal(sealKey, i.facts)
	if err != nil {
		return "", err
	}
	now := s.Now()
	claims := map[string]any{
		"aud": i.grant.Audience, "iss": s.origins(r).issuer, "ver": "2.0", "tid": tenantID,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix(),
		"azp": i.app.ID, "azpacr": i.azpacr, "scp": strings.Join(i.grant.Scopes, " "),
		"oid": user.ID, "sub": token.Pairwise(sealKey, user.ID, i.grant.Resource), "name": name(user),
		"preferred_username": user.Email, "uti": rand.Text(), "rh": "1." + rand.Text(), "aio": aio,
	}
	if slices.Contains(optional, AuthTime) {
		claims[AuthTime] = i.facts.At.Unix()
	}
	if len(i.facts.Contexts) > 0 && i.facts.MFA {
		claims["acrs"] = i.facts.Contexts
	}
	return s.Signer.Sign(keys, claims)
}

func (s *STS) idClaims(r *http.Request, i issuance, user directory.User, tenantID string, sealKey []byte) map[string]any {
	now := s.Now()
	claims := map[string]any{
		"aud": i.app.ID, "iss": s.origins(r).issuer, "ver": "2.0", "tid": tenantID,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(idTokenLife).Unix(),
		"oid": user.ID, "sub": token.Pairwise(sealKey, user.ID, i.app.ID), "uti": rand.Text(), "rh": "1." + rand.Text(),
	}
	if i.grant.Profile {
		claims["name"], claims["preferred_username"] = name(user), user.Email
	}
	if i.grant.Email {
		claims["email"] = user.Email
	}
	if i.nonce != "" {
		claims["nonce"] = i.nonce
	}
	return claims
}

func name(u directory.User) string {
	if n := u.Profile["displayName"]; n != nil {
		return *n
	}
	return "unknown"
}

// refresh makes the next refresh token of the sign-in's family. The ones before
// it stay good, as in Entra, so that a client killed between answer and saving
// can go on; Strict makes them a sign of theft.
func (s *STS) refresh(i issuance) (string, error) {
	var sealed string
	err := s.Directory.Update(func(d *directory.State) error {
		now := s.Now()
		for id, family := range d.Families {
			if now.After(family.Expires) {
				delete(d.Families, id)
			}
		}
		family := d.Families[i.facts.Family]
		family.User, family.Generation, family.Expires = i.facts.User, family.Generation+1, now.Add(refreshLife)
		d.Families[i.facts.Family] = family
		var err error
		sealed, err = token.Seal(d.SealKey, refreshToken{
			Facts: i.facts, Client: i.app.ID, Generation: family.Generation, Expires: family.Expires,
		})
		return err
	})
	return "1." + sealed, err
}

// revoke ends a family: none of its refresh tokens is good any more.
func (s *STS) revoke(id string) {
	err := s.Directory.Update(func(d *directory.State) error {
		family := d.Families[id]
		family.Revoked = true
		if family.Expires.IsZero() {
			family.Expires = s.Now().Add(refreshLife)
		}
		d.Families[id] = family
		return nil
	})
	if err != nil {
		s.Log.Error("revoke tokens", "error", err)
	}
}

func (s *STS) revoked(id string) (revoked bool) {
	s.Directory.View(func(d *directory.State) { revoked = d.Families[id].Revoked })
	return revoked
}
