package authority

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/loopback"
)

// maxDocument limits the size in bytes of the OpenID configuration; Entra's has
// under 3 KB.
const maxDocument = 256 << 10

// Authority describes a tenant as its OpenID configuration does. It contains no
// secret, so it may be stored in a file. It is immutable.
type Authority struct {
	// URL is the canonical form that MSAL gets: https://{host}/{tenant id}.
	URL string `json:"url"`
	// TenantID is the tenant's GUID.
	TenantID string `json:"tenantId"`
	// Issuer is the iss claim of the tenant's tokens.
	Issuer string `json:"issuer"`
	// AuthorizationEndpoint and the other endpoints are URLs; EndSessionEndpoint and
	// DeviceEndpoint may be empty.
	AuthorizationEndpoint string `json:"authorizationEndpoint"`
	TokenEndpoint         string `json:"tokenEndpoint"`
	JWKSURI               string `json:"jwksUri"`
	EndSessionEndpoint    string `json:"endSessionEndpoint,omitempty"`
	DeviceEndpoint        string `json:"deviceEndpoint,omitempty"`
}

// document is the part of an OpenID configuration that is used (OpenID Connect
// Discovery 1.0, 3).
type document struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	JWKSURI               string `json:"jwks_uri"`
	EndSessionEndpoint    string `json:"end_session_endpoint,omitempty"`
	DeviceEndpoint        string `json:"device_authorization_endpoint,omitempty"`
}

// Discover requests the tenant's OpenID configuration with one GET and validates
// it. It returns the error of the transport if the tenant cannot be reached, so
// that the caller can explain it, and a fault if the response is not valid.
func Discover(ctx context.Context, client *http.Client, f Form) (Authority, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.DiscoveryURL(), nil)
	if err != nil {
		return Authority{}, fmt.Errorf("make discovery request: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return Authority{}, fmt.Errorf("read OpenID configuration: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDocument))
	if err != nil {
		return Authority{}, fmt.Errorf("read OpenID configuration: %w", err)
	}
	return f.read(res.StatusCode, body)
}

// read turns the discovery response into the authority.
func (f Form) read(status int, body []byte) (Authority, error) {
	switch {
	case status == http.StatusBadRequest || status == http.StatusNotFound:
		return Authority{}, &fault.Error{
			Kind: fault.Usage,
			What: fmt.Sprintf("there is no tenant %s at %s", f.Tenant, f.Host),
			Fix:  "check the spelling of the authority",
			Next: fault.DoCheckSettings,
		}
	case status != http.StatusOK:
		return Authority{}, &fault.Error{
			Kind: fault.Unavailable,
			What: fmt.Sprintf("%s answered with HTTP status %d", f.Host, status),
			Fix:  "try again in a minute",
		}
	}
	var d document
	if err := json.Unmarshal(body, &d); err != nil {
		return Authority{}, notTenant(f, err)
	}
	tenant, err := f.checkIssuer(d.Issuer)
	if err != nil {
		return Authority{}, notTenant(f, err)
	}
	for _, endpoint := range []string{d.TokenEndpoint, d.JWKSURI} {
		if u, err := url.Parse(endpoint); err != nil || u.Scheme != "https" || u.Host == "" {
			return Authority{}, notTenant(f, errors.New("an endpoint is missing or not https"))
		}
	}
	if err := checkPage(d.AuthorizationEndpoint); err != nil {
		return Authority{}, notTenant(f, err)
	}
	return f.authority(tenant, d), nil
}

// authority returns the canonical form. Under ciamlogin.com its host is that of
// the tenant id, the only one that MSAL Go accepts by itself; a custom domain or
// the sandbox keeps its host.
func (f Form) authority(tenant string, d document) Authority {
	host := f.Host
	if strings.HasSuffix(host, ciam) {
		host = tenant + ciam
	}
	return Authority{
		URL:                   "https://" + host + "/" + tenant,
		TenantID:              tenant,
		Issuer:                d.Issuer,
		AuthorizationEndpoint: d.AuthorizationEndpoint,
		TokenEndpoint:         d.TokenEndpoint,
		JWKSURI:               d.JWKSURI,
		EndSessionEndpoint:    d.EndSessionEndpoint,
		DeviceEndpoint:        d.DeviceEndpoint,
	}
}

// checkIssuer validates the issuer and returns the tenant's GUID. It applies
// MSAL.NET's rule (OidcRetrieverWithCache.ValidateIssuer) as it fits external
// tenants: the issuer's host is that of the request, or the ciamlogin.com host of
// the GUID in the issuer.
func (f Form) checkIssuer(issuer string) (tenant string, err error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" {
		return "", errors.New("the issuer is not an https URL")
	}
	tenant, _, _ = strings.Cut(strings.Trim(strings.ToLower(u.Path), "/"), "/")
	if !guid.Valid(tenant) {
		return "", errors.New("the issuer contains no tenant id")
	}
	if guid.Valid(f.Tenant) && tenant != f.Tenant {
		return "", errors.New("the issuer is another tenant")
	}
	if host := strings.ToLower(u.Host); host != f.Host && host != tenant+ciam {
		return "", errors.New("the issuer has another host")
	}
	return tenant, nil
}

// checkPage validates the address of a page that a browser opens. It must be https,
// or http on loopback, which browsers treat as secure and the sandbox uses.
func checkPage(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return errors.New("the authorization endpoint is missing")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback.IsHost(u.Hostname())) {
		return errors.New("the authorization endpoint is not https")
	}
	return nil
}

// notTenant returns the fault of a response that no Entra tenant sends.
func notTenant(f Form, err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: f.Host + " does not answer as an Entra tenant",
		Fix:  "check the authority, and whether a proxy answers instead of the tenant",
		Next: fault.DoCheckSettings,
		Err:  err,
	}
}
