package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// bicepCannot are the objects that the Microsoft Graph extension of Bicep does not have
// (learn.microsoft.com/graph/templates/reference/overview).
func bicepCannot() []string {
	return []string{"method.email", "context", "context.policy", "policy", "flow", "flow.link"}
}

// exportBicep returns a Bicep file with the applications, the service principals and the
// consents.
func exportBicep(w Wanted) string {
	var b strings.Builder
	b.WriteString(comments("// ",
		"The setup of profilectl for Bicep with the Microsoft Graph extension. bicepconfig.json:",
		`  {"extensions": {"microsoftGraphV1":`,
		`    "br:mcr.microsoft.com/bicep/extensions/microsoftgraph/v1.0:1.0.0"}}`,
		"After the first deployment, add the App ID URI api://<client ID> to the mid-tier:",
		"  a resource cannot refer to its own client ID.",
	))
	b.WriteString("\nextension microsoftGraphV1\n\n" +
		"resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {\n  appId: '" + GraphID + "'\n}\n")
	names := map[string]string{
		"MIDTIER": "midTier.appId", "MIDTIER_SP": "midTierPrincipal.id",
		"CLIENT": "client.appId", "CLIENT_SP": "clientPrincipal.id", "GRAPH_SP": "graph.id",
		"ATTRIBUTES": "attributes.appId", "ATTRIBUTES_SP": "attributesPrincipal.id",
	}
	symbols := map[string]string{
		"midtier.app": "midTier", "midtier.principal": "midTierPrincipal",
		"client.app": "client", "client.principal": "clientPrincipal",
		"grant.client-graph": "clientGraph", "grant.client-midtier": "clientMidTier",
		"grant.midtier-graph": "midTierGraph",
		"attributes.app":      "attributes", "attributes.principal": "attributesPrincipal",
		"attributes.role": "attributesRole",
	}
	for _, s := range w.steps() {
		kind := map[string]string{
			appsPath: "applications", "/servicePrincipals": "servicePrincipals", grantsPath: "oauth2PermissionGrants",
		}[s.path]
		if s.id == "attributes.role" {
			kind = "appRoleAssignedTo"
		}
		if kind == "" || symbols[s.id] == "" {
			continue
		}
		body := bicepMap(s.body)
		if kind == "applications" {
			body["uniqueName"] = "profilectl-" + w.Deployment + "-" + strings.ToLower(symbols[s.id])
		}
		fmt.Fprintf(&b, "\n// %s\nresource %s 'Microsoft.Graph/%s@v1.0' = %s\n",
			s.title, symbols[s.id], kind, bicepValue(body, "", names))
	}
	left := bicepCannot()
	for _, h := range w.holders() {
		symbol, id := "midTier", credentialID
		if h.name == w.AttributesName {
			symbol, id = "attributes", attributesCredentialID
		}
		if h.credential.Federated != nil {
			b.WriteString(h.bicepFederated(symbol))
		} else {
			left = append(left, id)
		}
	}
	b.WriteString("\n")
	b.WriteString(w.byHand("// ", left...))
	return b.String()
}

// bicepFederated returns the federated credential. Its name contains that of its
// application.
func (h holder) bicepFederated(symbol string) string {
	body := bicepMap(h.nextFederated(&Tenant{}).body)
	body["name"] = placeholder("FEDERATED")
	names := map[string]string{"FEDERATED": "'${" + symbol + ".uniqueName}/" + h.federatedName() + "'"}
	return "\n// federated credential of " + h.name +
		"\nresource " + symbol + "Credential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = " +
		bicepValue(body, "", names) + "\n"
}

// bicepValue returns a JSON value in Bicep's syntax.
func bicepValue(v any, indent string, names map[string]string) string {
	const more = "  "
	switch v := v.(type) {
	case map[string]any:
		var b strings.Builder
		b.WriteString("{\n")
		for _, key := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(&b, "%s%s%s: %s\n", indent, more, key, bicepValue(v[key], indent+more, names))
		}
		return b.String() + indent + "}"
	case []any:
		var b strings.Builder
		b.WriteString("[\n")
		for _, e := range v {
			fmt.Fprintf(&b, "%s%s%s\n", indent, more, bicepValue(e, indent+more, names))
		}
		return b.String() + indent + "]"
	case string:
		return bicepString(v, names)
	default:
		return fmt.Sprint(v)
	}
}

// bicepString quotes a string, or returns the reference that a placeholder stands for.
func bicepString(s string, names map[string]string) string {
	if name, ok := strings.CutPrefix(s, "\x01"); ok {
		if reference := names[strings.TrimSuffix(name, "\x02")]; reference != "" {
			return reference
		}
	}
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "${", `\${`).Replace(s) + "'"
}

// bicepMap returns a body as JSON has it.
func bicepMap(body any) map[string]any {
	m := map[string]any{}
	if raw, err := json.Marshal(body); err != nil || json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}
