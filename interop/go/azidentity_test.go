package interop

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// azureOptions returns the options with which azidentity uses the sandbox.
func azureOptions(t *testing.T) policy.ClientOptions {
	t.Helper()
	host := strings.TrimSuffix(env(t, "SANDBOX_AUTHORITY"), env(t, "SANDBOX_TENANT_ID"))
	return policy.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: host},
		Transport: newHTTPClient(t),
	}
}

// TestAzidentityExchangesOnBehalfOf uses azidentity as a mid-tier, and reads the profile
// with its token.
func TestAzidentityExchangesOnBehalfOf(t *testing.T) {
	edit, err := newBrowserCredential(t).GetToken(t.Context(), policy.TokenRequestOptions{
		Scopes: []string{env(t, "SANDBOX_EDIT_SCOPE")},
	})
	if err != nil {
		t.Fatal(err)
	}
	credential, err := azidentity.NewOnBehalfOfCredentialWithSecret(
		env(t, "SANDBOX_TENANT_ID"), env(t, "SANDBOX_MID_TIER_ID"), edit.Token, env(t, "SANDBOX_MID_TIER_SECRET"),
		&azidentity.OnBehalfOfCredentialOptions{ClientOptions: azureOptions(t), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{
		Scopes: []string{"https://graph.microsoft.com/.default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, env(t, "SANDBOX_GRAPH")+"/v1.0/me", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Token)
	res, err := newHTTPClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var me struct {
		DisplayName string `json:"displayName"`
	}
	if err := json.NewDecoder(res.Body).Decode(&me); err != nil || me.DisplayName == "" {
		t.Errorf("status %d, %+v, %v", res.StatusCode, me, err)
	}
}

// TestAzidentityGetsAnAppOnlyToken requests the sign-in scopes beside .default, as
// MSAL Go always does.
func TestAzidentityGetsAnAppOnlyToken(t *testing.T) {
	credential, err := azidentity.NewClientSecretCredential(
		env(t, "SANDBOX_TENANT_ID"), env(t, "SANDBOX_MID_TIER_ID"), env(t, "SANDBOX_MID_TIER_SECRET"),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: azureOptions(t), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{
		Scopes: []string{"https://graph.microsoft.com/.default"},
	})
	if err != nil || token.Token == "" {
		t.Fatalf("got no token: %v", err)
	}
}
