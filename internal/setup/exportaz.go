package setup

import (
	_ "embed"
	"fmt"
	"strings"
)

// azPrelude is the start of the script, with its functions. azSecret creates the client
// secret of the mid-tier.
var (
	//go:embed az.sh
	azPrelude string
	//go:embed azsecret.sh
	azSecret string
)

// azCannot are the objects that the client of Azure CLI has no permission for
// (AADSTS65002).
func azCannot() []string {
	return []string{"method.email", "context", "context.policy", "policy", "flow", "flow.link"}
}

// exportAz returns a shell script that sends the requests with Azure CLI.
func exportAz(w Wanted) string {
	var b strings.Builder
	b.WriteString(azPrelude)
	for _, s := range w.steps() {
		if contains(azCannot(), []string{s.id}) {
			continue
		}
		b.WriteString(azStep(s))
		if h, variable, ok := w.identified(s); ok {
			b.WriteString(h.azCredential(variable))
		}
	}
	b.WriteString("\necho \"client: ${CLIENT}, mid-tier: ${MIDTIER}\"\n")
	b.WriteString("\n# The client of Azure CLI has no permission for the following steps (AADSTS65002).\n")
	b.WriteString(w.byHand("# ", azCannot()...))
	return b.String()
}

// azStep returns the commands for one request.
func azStep(s step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n# %s: %s\n", s.action, s.title)
	variable := func(name string) string { return "${" + name + "}" }
	path := fillPlaceholders(s.path, variable)
	body := fillPlaceholders(escapedHeredoc(indented(s.body)), variable)
	command := fmt.Sprintf("retry send %s \"%s\" <<JSON\n%s\nJSON\n", s.method, path, body)
	if s.result == "" {
		return b.String() + command
	}
	fmt.Fprintf(&b, "RESPONSE=$(%s)\n", command)
	switch s.id {
	case "client.app", "attributes.app":
		fmt.Fprintf(&b, "read -r _ %s <<<\"$RESPONSE\"\n", s.result)
	case "midtier.app":
		fmt.Fprintf(&b, "read -r %s_ID %s <<<\"$RESPONSE\"\n", s.result, s.result)
	default:
		fmt.Fprintf(&b, "read -r %s _ <<<\"$RESPONSE\"\n", s.result)
	}
	return b.String()
}

// escapedHeredoc escapes what a shell expands in a here-document.
func escapedHeredoc(text string) string {
	return strings.NewReplacer(`\`, `\\`, "$", `\$`, "`", "\\`").Replace(text)
}

// azCredential returns the commands for the credential.
func (h holder) azCredential(variable string) string {
	switch {
	case h.credential.Federated != nil:
		body := escapedHeredoc(indented(h.nextFederated(&Tenant{}).body))
		return "\n# create: federated credential\nretry send POST \"/applications(appId='${" + variable +
			"}')/federatedIdentityCredentials\" <<JSON\n" + body + "\nJSON\n"
	case h.credential.Certificate != nil:
		return "\n" + h.certificateByHand()
	case variable == "MIDTIER":
		return "\n" + azSecret
	}
	return "\n" + strings.NewReplacer("MIDTIER", variable, "mid-tier", "attributes").Replace(azSecret)
}
