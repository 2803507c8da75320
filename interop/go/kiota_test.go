package interop

import (
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	nethttp "github.com/microsoft/kiota-http-go"
)

// TestGraphTakesTheRequestsOfItsSDK sends a change as the Graph SDK for Go does: through
// its HTTP middleware, which compresses the body, and with @odata.type.
func TestGraphTakesTheRequestsOfItsSDK(t *testing.T) {
	edit, err := newBrowserCredential(t).GetToken(t.Context(), policy.TokenRequestOptions{
		Scopes: []string{env(t, "SANDBOX_EDIT_SCOPE")},
	})
	if err != nil {
		t.Fatal(err)
	}
	graph := exchangeForGraph(t, edit.Token)
	client := newHTTPClient(t)
	middlewares := nethttp.GetDefaultMiddlewares()
	client.Transport = nethttp.NewCustomTransportWithParentTransport(client.Transport, middlewares...)
	const change = `{"@odata.type":"#microsoft.graph.user","city":"Zürich"}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, env(t, "SANDBOX_GRAPH")+"/v1.0/me",
		strings.NewReader(change))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+graph)
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent || res.Request.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("status %d, request headers %v", res.StatusCode, res.Request.Header["Content-Encoding"])
	}
}
