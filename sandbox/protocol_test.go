package sandbox_test

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

// getJSON returns the JSON document at an address.
func getJSON[T any](c *client, address string) (document T, header http.Header) {
	c.t.Helper()
	res := c.send(http.MethodGet, address, "", nil)
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&document); err != nil {
		c.t.Fatalf("%s: %d, %v", address, res.StatusCode, err)
	}
	return document, res.Header
}

// TestDiscoveryHasTheDocumentedMembers lists the members that the real service publishes.
func TestDiscoveryHasTheDocumentedMembers(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	got, _ := getJSON[map[string]any](c, c.facts.Authority+"/v2.0/.well-known/openid-configuration")
	for _, name := range []string{
		"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint",
		"device_authorization_endpoint", "end_session_endpoint", "kerberos_endpoint",
		"response_types_supported", "response_modes_supported", "subject_types_supported",
		"scopes_supported", "id_token_signing_alg_values_supported", "claims_supported",
		"token_endpoint_auth_methods_supported", "tenant_region_scope", "cloud_instance_name",
		"cloud_graph_host_name", "msgraph_host", "rbac_url", "http_logout_supported",
		"frontchannel_logout_supported", "request_uri_parameter_supported",
	} {
		if _, ok := got[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	if modes := got["response_modes_supported"]; !slices.Equal(modes.([]any), []any{"query", "fragment", "form_post"}) {
		t.Errorf("got response modes %v", modes)
	}
	if _, ok := got["code_challenge_methods_supported"]; ok {
		t.Error("code_challenge_methods_supported, which the real document lacks, is there")
	}
}

func TestVersion1MetadataDescribesVersion1Tokens(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	got, _ := getJSON[map[string]any](c, c.facts.Authority+"/.well-known/openid-configuration")
	if got["issuer"] != "https://sts.windows.net/"+c.facts.TenantID+"/" {
		t.Errorf("got issuer %v", got["issuer"])
	}
	v1, _ := getJSON[map[string]any](c, got["jwks_uri"].(string))
	v2, _ := getJSON[map[string]any](c, c.facts.Authority+"/discovery/v2.0/keys")
	if len(v1["keys"].([]any)) != len(v2["keys"].([]any)) {
		t.Errorf("got %v, want %v", v1, v2)
	}
}

// TestKeysHaveACertificate checks x5c and x5t against each other and against the key.
func TestKeysHaveACertificate(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	type key struct {
		KeyID         string   `json:"kid"`
		Thumbprint    string   `json:"x5t"`
		N             string   `json:"n"`
		Certificates  [][]byte `json:"x5c"`
		CloudInstance string   `json:"cloud_instance_name"`
		Issuer        string   `json:"issuer"`
	}
	got, _ := getJSON[struct{ Keys []key }](c, c.facts.Authority+"/discovery/v2.0/keys")
	if len(got.Keys) != 2 {
		t.Fatalf("got %d keys", len(got.Keys))
	}
	for _, k := range got.Keys {
		if len(k.Certificates) != 1 || k.Issuer == "" || k.CloudInstance != "microsoftonline.com" {
			t.Fatalf("got %+v", k)
		}
		sum := sha1.Sum(k.Certificates[0])
		thumbprint := base64.RawURLEncoding.EncodeToString(sum[:])
		certificate, err := x509.ParseCertificate(k.Certificates[0])
		if err != nil {
			t.Fatal(err)
		}
		public, ok := certificate.PublicKey.(*rsa.PublicKey)
		if !ok || base64.RawURLEncoding.EncodeToString(public.N.Bytes()) != k.N {
			t.Errorf("the certificate is for another key: %v", certificate.PublicKey)
		}
		if k.Thumbprint != thumbprint || k.KeyID != thumbprint {
			t.Errorf("got kid %s and x5t %s, want %s", k.KeyID, k.Thumbprint, thumbprint)
		}
	}
}

// TestErrorsHaveTheDocumentedShape compares an error with the sample of learn.microsoft.com,
// "Microsoft Entra authentication and authorization error codes".
func TestErrorsHaveTheDocumentedShape(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	form := url.Values{
		"client_id":  {c.facts.ClientID},
		"grant_type": {"refresh_token"},
		"scope":      {readScope},
	}
	const correlationID = "0000aaaa-11bb-cccc-dd22-eeeeee333333"
	res := c.send(http.MethodPost, c.facts.Authority+"/oauth2/v2.0/token", form.Encode(), map[string]string{
		"Content-Type":             "application/x-www-form-urlencoded",
		"client-request-id":        correlationID,
		"return-client-request-id": "true",
	})
	defer res.Body.Close()
	var body struct {
		Description   string `json:"error_description"`
		TraceID       string `json:"trace_id"`
		CorrelationID string `json:"correlation_id"`
		Timestamp     string `json:"timestamp"`
		URI           string `json:"error_uri"`
		Codes         []int  `json:"error_codes"`
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^AADSTS\d+: [^\r\n]+\r\nTrace ID: ` + body.TraceID + `\r\nCorrelation ID: ` +
		correlationID + `\r\nTimestamp: ` + regexp.QuoteMeta(body.Timestamp) + `$`)
	if !want.MatchString(body.Description) || body.CorrelationID != correlationID || len(body.Codes) != 1 ||
		!strings.HasPrefix(body.URI, "https://login.microsoftonline.com/error?code=") {
		t.Errorf("got %+v", body)
	}
	for name, value := range map[string]string{
		"x-ms-request-id":           body.TraceID,
		"client-request-id":         correlationID,
		"Cache-Control":             "no-store, no-cache",
		"Pragma":                    "no-cache",
		"Expires":                   "-1",
		"X-Content-Type-Options":    "nosniff",
		"P3P":                       `CP="DSP CUR OTPi IND OTRi ONL FIN"`,
		"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
	} {
		if got := res.Header.Get(name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	if res.Header.Get("x-ms-ests-server") == "" {
		t.Error("there is no x-ms-ests-server")
	}
}

func TestErrorPageShowsTheDetails(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	page := c.signIn(readScope, "redirect_uri", "https://evil.example/x")
	for _, want := range []string{
		"Sorry, but we're having trouble signing you in.",
		"AADSTS50011: The redirect URI 'https://evil.example/x' specified in the request does not match",
		"Request Id", "Correlation Id", "Timestamp", "Message",
	} {
		if !strings.Contains(page.Text, want) {
			t.Errorf("the page lacks %q: %s", want, page.Text)
		}
	}
}

// TestOtherTenantsAreRejected covers unknown tenants and the names that stand for any tenant.
func TestOtherTenantsAreRejected(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	host := strings.TrimSuffix(c.facts.Authority, c.facts.TenantID)
	for tenant, code := range map[string]int{
		"common":                               50194,
		"organizations":                        50194,
		"consumers":                            50194,
		"11111111-2222-3333-4444-555555555555": 90002,
		"other.onmicrosoft.com":                90002,
	} {
		res, err := c.tenant.Client().PostForm(host+tenant+"/oauth2/v2.0/token", url.Values{
			"client_id": {c.facts.ClientID}, "grant_type": {"refresh_token"}, "refresh_token": {"x"},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.wantError(c.read(res), 400, code)
		_, page := c.open(newJar(t), http.MethodGet,
			strings.Replace(c.authorizeURL(readScope), c.facts.TenantID+"/oauth2", tenant+"/oauth2", 1), nil)
		if !strings.Contains(page, "AADSTS"+strconv.Itoa(code)+": ") {
			t.Errorf("authorize at %s: got %s", tenant, page)
		}
	}
}
