package interop

import (
	"context"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"golang.org/x/oauth2"
)

// browserCredential is an azcore credential that signs the sandbox's user in with
// MSAL Go and a scripted browser.
type browserCredential struct {
	t      *testing.T
	client public.Client
	claims []string // of each token request
}

func newBrowserCredential(t *testing.T) *browserCredential {
	t.Helper()
	client, err := public.New(env(t, "SANDBOX_CLIENT_ID"),
		public.WithAuthority(env(t, "SANDBOX_AUTHORITY")),
		public.WithInstanceDiscovery(false),
		public.WithHTTPClient(newHTTPClient(t)),
		public.WithClientCapabilities([]string{"cp1"}))
	if err != nil {
		t.Fatal(err)
	}
	return &browserCredential{t: t, client: client}
}

// GetToken implements azcore.TokenCredential. It signs in again for each token.
func (c *browserCredential) GetToken(
	ctx context.Context,
	o policy.TokenRequestOptions,
) (azcore.AccessToken, error) {
	c.claims = append(c.claims, o.Claims)
	const redirect = "http://localhost:53210"
	verifier := strings.Repeat("v", 43)
	var authorize []public.AuthCodeURLOption
	redeem := []public.AcquireByAuthCodeOption{public.WithChallenge(verifier)}
	if o.Claims != "" {
		authorize = append(authorize, public.WithClaims(o.Claims))
		redeem = append(redeem, public.WithClaims(o.Claims))
	}
	address, err := c.client.AuthCodeURL(ctx, env(c.t, "SANDBOX_CLIENT_ID"), redirect, o.Scopes, authorize...)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	address += "&code_challenge_method=S256&code_challenge=" + oauth2.S256ChallengeFromVerifier(verifier)
	got := browse(c.t, address, redirect)
	result, err := c.client.AcquireTokenByAuthCode(ctx, got.Get("code"), redirect, o.Scopes, redeem...)
	return azcore.AccessToken{Token: result.AccessToken, ExpiresOn: result.ExpiresOn}, err
}

// TestMSALGoExchangesOnBehalfOf does the mid-tier's token exchange with MSAL Go alone.
func TestMSALGoExchangesOnBehalfOf(t *testing.T) {
	scopes := []string{env(t, "SANDBOX_EDIT_SCOPE")}
	token, err := newBrowserCredential(t).GetToken(t.Context(), policy.TokenRequestOptions{Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	exchange := func(secret string) (confidential.AuthResult, error) {
		return onBehalfOf(t, token.Token, secret)
	}
	got, err := exchange(env(t, "SANDBOX_MID_TIER_SECRET"))
	if err != nil || got.AccessToken == "" {
		t.Fatalf("got no token: %v", err)
	}
	if _, err := exchange("wrong"); err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("wrong secret: got %v", err)
	}
}

// onBehalfOf exchanges an access token for the mid-tier for one for Graph.
func onBehalfOf(t *testing.T, assertion, secret string) (confidential.AuthResult, error) {
	t.Helper()
	credential, err := confidential.NewCredFromSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	client, err := confidential.New(env(t, "SANDBOX_AUTHORITY"), env(t, "SANDBOX_MID_TIER_ID"), credential,
		confidential.WithInstanceDiscovery(false),
		confidential.WithHTTPClient(newHTTPClient(t)))
	if err != nil {
		t.Fatal(err)
	}
	graph := []string{"https://graph.microsoft.com/User.ReadWrite"}
	return client.AcquireTokenOnBehalfOf(t.Context(), assertion, graph)
}

// exchangeForGraph returns an access token for Graph.
func exchangeForGraph(t *testing.T, assertion string) string {
	t.Helper()
	got, err := onBehalfOf(t, assertion, env(t, "SANDBOX_MID_TIER_SECRET"))
	if err != nil {
		t.Fatal(err)
	}
	return got.AccessToken
}
