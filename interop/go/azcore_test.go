package interop

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// startMidTier runs the mid-tier with a required authentication context, and returns
// its address.
func startMidTier(t *testing.T, authContext string) string {
	t.Helper()
	readyFile := filepath.Join(t.TempDir(), "ready")
	serve := exec.Command(env(t, "PROFILECTL"), "serve", "--require-auth-context", authContext)
	serve.Env = append(os.Environ(),
		"PROFILECTL_READY_FILE="+readyFile,
		"PROFILECTL_SERVE_LISTEN=localhost:0",
		"PROFILECTL_SERVE_ADMIN_LISTEN=localhost:0")
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = serve.Process.Kill(); _ = serve.Wait() })
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if address, _ := os.ReadFile(readyFile); len(address) > 0 {
			return strings.TrimSpace(string(address))
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the mid-tier did not start")
	return ""
}

// TestAzcoreAnswersTheChallengeOfTheMidTier expects azcore to read the claims
// challenge by itself, get a token with its claims, and retry the request.
func TestAzcoreAnswersTheChallengeOfTheMidTier(t *testing.T) {
	address := startMidTier(t, "c1")
	credential := newBrowserCredential(t)
	bearer := runtime.NewBearerTokenPolicy(credential, []string{env(t, "SANDBOX_EDIT_SCOPE")},
		&policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: true})
	pipeline := runtime.NewPipeline("interop", "1", runtime.PipelineOptions{PerRetry: []policy.Policy{bearer}}, nil)
	req, err := runtime.NewRequest(t.Context(), http.MethodPost, address+"/updateUserInfo")
	if err != nil {
		t.Fatal(err)
	}
	change := map[string]string{"displayName": "Ada L.", "givenName": "Ada", "surname": "Lovelace"}
	if err := runtime.MarshalAsJSON(req, change); err != nil {
		t.Fatal(err)
	}
	res, err := pipeline.Do(req)
	if err != nil || res.StatusCode != http.StatusNoContent {
		t.Fatalf("got %v, %v", res, err)
	}
	want := []string{"", `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`}
	if !slices.Equal(credential.claims, want) {
		t.Errorf("the token requests had the claims %q", credential.claims)
	}
}
