package obo

import (
	"context"
	"errors"

	"github.com/profilectl/profilectl/internal/aadsts"
)

// Check asks the identity provider whether it accepts the mid-tier's credential.
// It sends an exchange for a token that no user has. Entra rejects such an exchange;
// Check returns the error only if it concerns the mid-tier itself.
func (e *Exchanger) Check(ctx context.Context) error {
	client, err := e.client()
	if err != nil {
		return err
	}
	const invalid = "eyJhbGciOiJub25lIn0.e30." // an unsigned token without claims
	_, err = client.AcquireTokenOnBehalfOf(ctx, invalid, []string{e.config.Scope})
	if err == nil { // a stand-in for the tenant that does not look at the assertion
		return nil
	}
	err = aadsts.FromMSAL(err, "prove the mid-tier's identity")
	if _, refused := errors.AsType[*aadsts.Error](err); refused && !RejectsCredential(err) {
		return nil
	}
	return err
}

// RejectsCredential reports whether an error of Exchange or Check means that the identity
// provider rejects the mid-tier itself: its credential or its registration.
func RejectsCredential(err error) bool {
	refusal, ok := errors.AsType[*aadsts.Error](err)
	if !ok {
		return false
	}
	switch refusal.OAuth { // RFC 6749, 5.2: the errors that concern the client
	case "invalid_client", "unauthorized_client":
		return true
	default:
		return false
	}
}
