package interop

import (
	"testing"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// TestZitadelRelyingPartySignsIn uses the relying party of zitadel/oidc: discovery, the
// code flow, the verification of the ID token, a refresh, and the user info.
func TestZitadelRelyingPartySignsIn(t *testing.T) {
	const redirect = "http://localhost:3000/auth/redirect"
	party, err := rp.NewRelyingPartyOIDC(t.Context(),
		env(t, "SANDBOX_AUTHORITY")+"/v2.0",
		env(t, "SANDBOX_WEB_CLIENT_ID"), env(t, "SANDBOX_WEB_CLIENT_SECRET"), redirect,
		[]string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess},
		rp.WithHTTPClient(newHTTPClient(t)))
	if err != nil {
		t.Fatal(err)
	}
	got := browse(t, rp.AuthURL("state", party), redirect)
	if got.Get("state") != "state" {
		t.Fatalf("the redirect has %v", got)
	}
	tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](t.Context(), got.Get("code"), party)
	if err != nil {
		t.Fatal(err)
	}
	if tokens.IDTokenClaims.PreferredUsername != env(t, "SANDBOX_USER") {
		t.Errorf("got the claims %+v", tokens.IDTokenClaims)
	}
	refreshed, err := rp.RefreshTokens[*oidc.IDTokenClaims](t.Context(), party, tokens.RefreshToken, "", "")
	if err != nil {
		t.Fatal(err)
	}
	subject := tokens.IDTokenClaims.Subject
	info, err := rp.Userinfo[*oidc.UserInfo](t.Context(), refreshed.AccessToken, "Bearer", subject, party)
	if err != nil || info.Name == "" {
		t.Errorf("user info %+v, %v", info, err)
	}
}
