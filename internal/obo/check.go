package obo

import (
	"context"
	"errors"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/profilectl/profilectl/internal/aadsts"
)

// Check asks the identity provider whether it takes the mid-tier's credential:
// it sends an exchange without a user. That is always refused; only why matters.
func (e *Exchanger) Check(ctx context.Context) error {
	client, err := e.client()
	if err != nil {
		return err
	}
	const nobody = "eyJhbGciOiJub25lIn0.e30." // a token of nobody's
	_, err = client.AcquireTokenOnBehalfOf(ctx, nobody, []string{e.config.Scope})
	var call msal.CallErr
	if !errors.As(err, &call) || call.Resp == nil || call.Resp.Body == nil {
		_, err = refused(err)
		return err
	}
	no := aadsts.Read(call.Resp.Body)
	if no == nil {
		_, err = refused(err)
		return err
	}
	switch no.OAuth { // RFC 6749, 5.2: what is said about the client itself
	case "invalid_client", "unauthorized_client":
		return no.Fault("prove the mid-tier's identity")
	}
	return nil
}
