package obo

import (
	"context"
	"errors"

	"github.com/profilectl/profilectl/internal/aadsts"
)

// Check asks the identity provider whether it accepts the mid-tier's credential.
// It sends an exchange for a token that no user has. Such an exchange always
// fails; Check returns the error only if it concerns the mid-tier itself.
func (e *Exchanger) Check(ctx context.Context) error {
	client, err := e.client()
	if err != nil {
		return err
	}
	const invalid = "eyJhbGciOiJub25lIn0.e30." // an unsigned token without claims
	_, err = client.AcquireTokenOnBehalfOf(ctx, invalid, []string{e.config.Scope})
	err = aadsts.FromMSAL(err, "prove the mid-tier's identity")
	refusal, ok := errors.AsType[*aadsts.Error](err)
	if !ok {
		return err
	}
	switch refusal.OAuth { // RFC 6749, 5.2: the errors that concern the client
	case "invalid_client", "unauthorized_client":
		return err
	default:
		return nil
	}
}
