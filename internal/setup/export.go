package setup

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// Formats returns the formats of Export.
func Formats() []string { return []string{"az", "graph", "bicep"} }

// Export returns the setup as text that another tool executes. Steps that the format
// cannot express are comments with the place in the portal.
func Export(w Wanted, format string) (string, error) {
	w = w.withDefaults()
	if err := w.check(); err != nil {
		return "", err
	}
	switch format {
	case "az":
		return exportAz(w), nil
	case "graph":
		return exportGraph(w), nil
	case "bicep":
		return exportBicep(w), nil
	}
	return "", &fault.Error{
		Kind: fault.Usage,
		What: "there is no such format",
		Fix:  "use one of " + strings.Join(Formats(), ", "),
	}
}

// step is one request of an exported setup.
type step struct {
	object
	*write
	result string // the variable that gets the response's ID, or empty
}

// isApp reports whether the response has the client ID of an application.
func (s step) isApp() bool {
	return s.id == "midtier.app" || s.id == "client.app" || s.id == "attributes.app"
}

// identified returns the application that is complete except for its credential after the step,
// with the variable of its client ID.
func (w Wanted) identified(s step) (h holder, variable string, ok bool) {
	switch {
	case s.id == "midtier.app" && s.result == "":
		return w.midTierHolder(), "MIDTIER", true
	case s.id == "attributes.app":
		return w.attributesHolder(), "ATTRIBUTES", true
	}
	return holder{}, "", false
}

// placeholder returns the text that stands for an ID in the exported requests. It cannot
// occur in a name, which has no control characters.
func placeholder(name string) string { return "\x01" + name + "\x02" }

// fillPlaceholders replaces placeholders by what a format writes for a variable.
func fillPlaceholders(text string, variable func(name string) string) string {
	parts := strings.Split(text, "\x01")
	var b strings.Builder
	b.WriteString(parts[0])
	for _, part := range parts[1:] {
		name, rest, _ := strings.Cut(part, "\x02")
		b.WriteString(variable(name) + rest)
	}
	return b.String()
}

// steps returns the requests that set up an empty tenant. They come from the same code as
// those of Apply; the IDs of objects are placeholders.
func (w Wanted) steps() []step {
	t := &Tenant{
		graph: servicePrincipal{ID: placeholder("GRAPH_SP")},
		email: emailMethod{State: "default"},
	}
	ids := map[string]string{
		"midtier.app":       "MIDTIER",
		"midtier.principal": "MIDTIER_SP",
		"client.app":        "CLIENT",
		"client.principal":  "CLIENT_SP",
		"flow":              "FLOW",

		"attributes.app":       "ATTRIBUTES",
		"attributes.principal": "ATTRIBUTES_SP",
	}
	var all []step
	for _, o := range w.objects() {
		if o.id == credentialID || o.id == attributesCredentialID {
			continue // each format has a way of its own
		}
		first := true
		for next := o.next(t); next != nil; next = o.next(t) {
			s := step{object: o, write: next}
			if first {
				s.result = ids[o.id]
			}
			first = false
			all = append(all, s)
			if next.done(t, exportedResponse(s)) != nil {
				break
			}
		}
	}
	return all
}

// exportedResponse returns the response of a request whose IDs are placeholders: the body
// of the request with an ID.
func exportedResponse(s step) []byte {
	response := map[string]any{}
	raw, err := json.Marshal(s.body)
	if err != nil || json.Unmarshal(raw, &response) != nil {
		return nil
	}
	response["id"] = placeholder(s.result + "_ID")
	if s.isApp() {
		response["appId"] = placeholder(s.result)
	} else {
		response["id"] = placeholder(s.result)
	}
	raw, err = json.Marshal(response)
	if err != nil {
		return nil
	}
	return raw
}

// indented returns a body as JSON.
func indented(body any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if encoder.Encode(body) != nil {
		return "{}"
	}
	// JSON escapes the control characters of placeholders.
	return strings.NewReplacer(`\u0001`, "\x01", `\u0002`, "\x02").Replace(strings.TrimSpace(b.String()))
}

// comments returns lines as comments with a prefix.
func comments(prefix string, lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%s%s\n", prefix, line)
	}
	return b.String()
}

// byHand returns the comments of the objects with some ids.
func (w Wanted) byHand(prefix string, ids ...string) string {
	text := ""
	for _, o := range w.objects() {
		if slices.Contains(ids, o.id) {
			text += comments(prefix, "BY HAND: "+o.title, "  "+o.hand)
		}
	}
	return text
}

// exportGraph returns the requests to Microsoft Graph in order.
func exportGraph(w Wanted) string {
	const c = "# "
	var b strings.Builder
	b.WriteString(comments(c,
		"The setup of profilectl as requests to Microsoft Graph v1.0, in order.",
		"Send them in Graph Explorer or with another client, signed in as an administrator with",
		"  "+strings.Join(w.adminScopes(), " "),
		"Replace each {{NAME}} by the value from an earlier response, which a comment names.",
	))
	fmt.Fprintf(&b, "\n### Microsoft Graph's service principal: id is {{GRAPH_SP}}\n"+
		"GET https://graph.microsoft.com/v1.0/servicePrincipals(appId='%s')?$select=id\n", GraphID)
	for _, s := range w.steps() {
		fmt.Fprintf(&b, "\n### %s: %s", s.action, s.title)
		if s.result != "" {
			b.WriteString("; in the response, " + responseNames(s))
		}
		fmt.Fprintf(&b, "\n%s https://graph.microsoft.com/v1.0%s\nContent-Type: application/json\n\n%s\n",
			s.method, s.path, indented(s.body))
		if h, variable, ok := w.identified(s); ok {
			b.WriteString("\n" + h.graphCredential(variable))
		}
	}
	return fillPlaceholders(b.String(), func(name string) string { return "{{" + name + "}}" })
}

// responseNames names the values that later requests need.
func responseNames(s step) string {
	if s.isApp() {
		return "appId is {{" + s.result + "}} and id is {{" + s.result + "_ID}}"
	}
	return "id is {{" + s.result + "}}"
}

// certificateByHand returns the comment about a certificate, which no format adds.
func (h holder) certificateByHand() string {
	o := h.object("", "")
	return comments("# ", "BY HAND: "+o.title, "  "+o.hand)
}

// graphCredential returns the request for the credential, or how it is done by hand.
func (h holder) graphCredential(variable string) string {
	path := "https://graph.microsoft.com/v1.0/applications/" + placeholder(variable+"_ID")
	switch {
	case h.credential.Federated != nil:
		n := h.nextFederated(&Tenant{})
		return fmt.Sprintf("### create: federated credential\nPOST %s/federatedIdentityCredentials\n"+
			"Content-Type: application/json\n\n%s\n", path, indented(n.body))
	case h.credential.Certificate != nil:
		return h.certificateByHand()
	}
	body := map[string]any{"passwordCredential": passwordCredential{DisplayName: h.name}}
	return fmt.Sprintf("### create: client secret; secretText in the response is the secret\nPOST %s/addPassword\n"+
		"Content-Type: application/json\n\n%s\n", path, indented(body))
}
