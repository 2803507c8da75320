package cli

import (
	"log/slog"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
)

// credential is how the settings want the mid-tier to prove itself.
func credential(s config.Settings, log *slog.Logger) (obo.Credential, error) {
	which, err := s.OneOf("client-secret", "client-secret-file", "client-certificate", "federated-token-file")
	if err != nil {
		return obo.Credential{}, err
	}
	switch which {
	case "client-secret":
		return obo.Secret(s.Secret(which).Reveal())
	case "client-secret-file":
		return obo.SecretFile(s.Text(which), log)
	case "client-certificate":
		return obo.Certificate(s.Text(which), s.Secret("client-certificate-password").Reveal(), log)
	case "federated-token-file":
		return obo.FederatedToken(s.Text(which), log)
	}
	return obo.Credential{}, &fault.Error{
		Kind: fault.Usage, What: "no credential is configured with which the mid-tier could prove itself",
		Fix: "give --client-secret-file, --client-certificate or --federated-token-file, or set CLIENT_SECRET",
	}
}
