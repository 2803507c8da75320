package bearer

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/internal/fault"
)

// Refusal is the error code of RFC 6750 for a request without a valid token. It is
// the cause of every fault that Verify returns.
type Refusal string

// The codes (RFC 6750, 3.1). Missing is for a request without a token, which gets
// no code.
const (
	Missing           Refusal = ""
	InvalidToken      Refusal = "invalid_token"
	InsufficientScope Refusal = "insufficient_scope"
)

// Error returns the code, for logs.
func (r Refusal) Error() string { return "bearer: " + string(r) }

// reject returns the fault of a request without a valid token.
func reject(r Refusal, what string) error {
	if r == InsufficientScope {
		return &fault.Error{
			Kind: fault.Denied,
			What: what,
			Fix:  "request this API's scope when you acquire the token",
			Err:  r,
		}
	}
	return &fault.Error{
		Kind: fault.SignIn,
		What: what,
		Fix:  "acquire a token for this API and send it as a bearer token",
		Err:  r,
	}
}

// invalid returns the fault of a token that the parser rejected. It names only what
// the owner of the token can act on. The claims are not verified: they only choose the
// words of the fault. A token for Microsoft Graph, the most common mistake, never has a
// valid signature for another API.
func (v *Verifier) invalid(err error, unverified *claims) error {
	switch {
	case errors.Is(err, jwt.ErrTokenSignatureInvalid) && len(unverified.Audience) > 0 &&
		!v.isAudience(unverified.Audience):
		return reject(InvalidToken, "the access token is meant for another API")
	case errors.Is(err, jwt.ErrTokenExpired):
		return &fault.Error{
			Kind: fault.SignIn,
			What: "the access token has expired",
			Fix:  "acquire a new one; if it is new, the clock of the mid-tier's machine is wrong",
			Err:  InvalidToken,
		}
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return &fault.Error{
			Kind: fault.SignIn,
			What: "the access token is not valid yet",
			Fix:  "set the clock of the mid-tier's machine: it is behind the tenant's",
			Err:  InvalidToken,
		}
	default:
		return reject(InvalidToken, "the access token is not valid")
	}
}
