package playground_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/loopback"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// A client that knows the tenant by its names at the real service signs in to a kept
// sandbox, and its mid-tier accepts the token.
func TestRealNamesOfAKeptTenant(t *testing.T) {
	dir := t.TempDir()
	start(t, playground.Options{Dir: dir}).Close() // with a certificate that lacks the names
	p := start(t, playground.Options{Dir: dir, RealNames: true})
	client := hostMap(t, p)
	tenant := "/" + p.Facts.TenantID + "/v2.0/.well-known/openid-configuration"
	for _, address := range []string{
		"https://" + p.Facts.Subdomain + ".ciamlogin.com" + tenant,
		"https://" + p.Facts.TenantID + ".ciamlogin.com" + tenant,
		"https://graph.microsoft.com/v1.0/me",
		p.Facts.Authority + "/v2.0/.well-known/openid-configuration",
	} {
		res, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	authority := "https://" + p.Facts.TenantID + ".ciamlogin.com/" + p.Facts.TenantID
	token, _ := signIn(t, p, authority, client)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.MidTier+"/updateUserInfo",
		strings.NewReader(`{"displayName":"Ada L."}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("the mid-tier responds with %d", res.StatusCode)
	}
}

func TestCertificateOfATenantLacksTheRealNames(t *testing.T) {
	p := start(t, playground.Options{})
	if res, err := hostMap(t, p).Get("https://graph.microsoft.com/v1.0/me"); err == nil {
		res.Body.Close()
		t.Error("the certificate is valid for graph.microsoft.com")
	}
}

// hostMap returns a client that connects to the sandbox instead of the hosts of the
// real service.
func hostMap(t *testing.T, p *playground.Playground) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(p.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	api, err := url.Parse(p.Facts.Authority)
	if err != nil {
		t.Fatal(err)
	}
	transport := loopback.NewTransport(ca)
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		if host == "graph.microsoft.com" || strings.HasSuffix(host, ".ciamlogin.com") {
			address = api.Host
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// signIn returns a token for the mid-tier, issued to MSAL Go, and the forms that the
// user filled in.
func signIn(
	t *testing.T,
	p *playground.Playground,
	authority string,
	client *http.Client,
) (token string, forms []string) {
	t.Helper()
	msal, err := public.New(p.Facts.ClientID,
		public.WithAuthority(authority),
		public.WithInstanceDiscovery(false),
		public.WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	browser, err := robot.New(robot.User{
		Email:    p.Facts.User,
		Password: p.Facts.Password,
		Code:     robot.Mailbox(p.Facts.Mailbox, client.Transport),
	}, client.Transport)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	open := func(address string) error {
		go func() {
			_, _ = browser.Open(t.Context(), address) // a failure shows as a timeout
			close(done)
		}()
		return nil
	}
	result, err := msal.AcquireTokenInteractive(t.Context(), []string{p.Facts.EditScope}, public.WithOpenURL(open))
	if err != nil {
		t.Fatal(err)
	}
	<-done
	return result.AccessToken, browser.Forms
}
