package bearer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// readToken returns the token in the Authorization header, which must occur once
// (RFC 6750, 2.1). The case of the scheme does not matter (RFC 9110, 11.1).
func readToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", reject(Missing, "the request carries no access token")
	}
	scheme, raw, ok := strings.Cut(values[0], " ")
	isBearer := ok && len(values) == 1 && strings.EqualFold(scheme, "Bearer")
	if !isBearer || raw == "" || len(raw) > maxToken {
		return "", reject(InvalidToken, "the Authorization header holds no bearer token")
	}
	return raw, nil
}

// key returns the key that the token's kid names. Keys in the token's own header,
// and addresses of keys, are ignored.
func (v *Verifier) key(ctx context.Context, t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	if kid == "" {
		return nil, errors.New("the token has no kid")
	}
	if _, critical := t.Header["crit"]; critical { // RFC 7515, 4.1.11: no extension is supported
		return nil, errors.New("the token has critical headers")
	}
	if typ, given := t.Header["typ"]; given && typ != "JWT" && typ != "at+jwt" {
		return nil, errors.New("the token has another type")
	}
	if err := checkHeader(t.Raw); err != nil {
		return nil, err
	}
	key, err := v.keys.read(ctx, kid)
	if err != nil {
		return nil, err
	}
	return key.Key(), nil
}

// checkHeader returns an error if a member of the token's header is repeated. The parser
// has accepted the header as valid JSON, and uses the last one.
func checkHeader(token string) error {
	encoded, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err == nil {
		err = eachMember(raw, func(string, json.RawMessage) error { return nil })
	}
	return err
}
