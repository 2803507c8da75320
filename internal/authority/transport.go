package authority

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// Transport returns a RoundTripper that answers MSAL's discovery request for the
// authority with what Discover found, and sends all other requests to next. This
// saves a round trip in every process, and makes custom domains work: the issuer
// in the response is the authority's own, the only one that MSAL Go accepts. Tokens
// are still verified against the real issuer.
func (a Authority) Transport(next http.RoundTripper) http.RoundTripper {
	return discovered{authority: a, next: next}
}

type discovered struct {
	authority Authority
	next      http.RoundTripper
}

// RoundTrip answers the discovery request and forwards all others.
func (d discovered) RoundTrip(req *http.Request) (*http.Response, error) {
	address := req.URL.Scheme + "://" + req.URL.Host + req.URL.Path
	if req.Method != http.MethodGet || address != d.authority.URL+"/v2.0/.well-known/openid-configuration" {
		return d.next.RoundTrip(req)
	}
	body, err := json.Marshal(document{
		Issuer:                d.authority.URL + "/v2.0",
		AuthorizationEndpoint: d.authority.AuthorizationEndpoint,
		TokenEndpoint:         d.authority.TokenEndpoint,
		JWKSURI:               d.authority.JWKSURI,
		EndSessionEndpoint:    d.authority.EndSessionEndpoint,
		DeviceEndpoint:        d.authority.DeviceEndpoint,
	})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:        "200 OK",
		StatusCode:    http.StatusOK,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}, nil
}

// Issuers returns the iss values that tokens of the tenant may have: its issuer
// and, for any other host than its own at ciamlogin.com, also the ciamlogin.com form
// of the same tenant. Entra is known to use that form for custom domains, and the
// sandbox uses it for clients that address it by the names of the real service. The
// keys are always those of the authority, so no other tenant's tokens are accepted.
func (a Authority) Issuers() []string {
	issuers := []string{a.Issuer}
	own := "https://" + a.TenantID + ciam + "/" + a.TenantID + "/v2.0"
	if a.Issuer != own {
		issuers = append(issuers, own)
	}
	return issuers
}
