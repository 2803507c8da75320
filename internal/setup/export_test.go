package setup

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hostile are names that a shell would expand if they were not quoted.
func hostile() Wanted {
	return Wanted{
		MidTierName: `Ed's "$(touch injected)" ` + "`touch injected`" + ` ${HOME} \ api`,
		ClientName:  `$(touch injected) JSON`,
		AuthContext: "c1",

		PasswordChange: true,
		Attributes:     true,
		AttributesName: "`touch injected` attributes",
	}
}

func TestExportNamesEveryObject(t *testing.T) {
	for _, format := range Formats() {
		w := Wanted{AuthContext: "c1", Attributes: true}
		text, err := Export(w, format)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range w.withDefaults().objects() {
			credential := o.id == credentialID || o.id == attributesCredentialID
			if !credential && !strings.Contains(text, o.title) {
				t.Errorf("%s: nothing about the %s", format, o.title)
			}
		}
		if strings.ContainsAny(text, "\x01\x02") || strings.Contains(text, later) {
			t.Errorf("%s: an ID has no name:\n%s", format, text)
		}
	}
}

func TestExportOfGraphHasValidBodies(t *testing.T) {
	text, err := Export(hostile(), "graph")
	if err != nil {
		t.Fatal(err)
	}
	bodies := regexp.MustCompile(`(?s)Content-Type: application/json\n\n(\{.*?\n\})\n`).FindAllStringSubmatch(text, -1)
	if len(bodies) < 18 {
		t.Errorf("%d bodies", len(bodies))
	}
	for _, b := range bodies {
		if !json.Valid([]byte(b[1])) {
			t.Errorf("not JSON: %s", b[1])
		}
	}
}

// TestExportOfAzRunsAsWritten runs the script with a program in the place of Azure CLI,
// and checks that names arrive as they are.
func TestExportOfAzRunsAsWritten(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	dir := t.TempDir()
	script, err := Export(hostile(), "az")
	if err != nil {
		t.Fatal(err)
	}
	const az = `#!/bin/sh
case "$1" in
ad) echo 00000000-1111-2222-3333-444444444444 ;;
rest) printf '%s %s\n%s\n' "$3" "$5" "$9" >> calls; echo OBJECT APP ;;
esac
`
	for name, text := range map[string]string{"setup.sh": script, "az": az} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(bash, "setup.sh")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "injected")); err == nil {
		t.Error("a name was executed")
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	name, _ := json.Marshal(hostile().MidTierName)
	for _, want := range []string{string(name), "api://APP", `"appId": "APP"`, "/applications/OBJECT",
		"POST https://graph.microsoft.com/v1.0/servicePrincipals/OBJECT/appRoleAssignments"} {
		if !strings.Contains(string(calls), want) {
			t.Errorf("no request has %s:\n%s", want, calls)
		}
	}
	for _, name := range []string{"mid-tier.secret", "attributes.secret"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestExportOfAzPassesShellcheck(t *testing.T) {
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed")
	}
	script, err := Export(hostile(), "az")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(shellcheck, "--shell=bash", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s", out)
	}
}

// bicepTypes returns the properties of the types of the Microsoft Graph extension for Bicep,
// version 1.0.0, that a setup uses: the required ones first, then the others
// (learn.microsoft.com/graph/templates/bicep/reference).
func bicepTypes() map[string][2]string {
	const graph = "Microsoft.Graph/"
	return map[string][2]string{
		graph + "applications@v1.0": {
			"displayName uniqueName",
			"api optionalClaims isFallbackPublicClient publicClient requiredResourceAccess signInAudience tags",
		},
		graph + "applications/federatedIdentityCredentials@v1.0": {"audiences issuer name subject", "description"},
		graph + "servicePrincipals@v1.0":                         {"appId", "tags accountEnabled"},
		graph + "oauth2PermissionGrants@v1.0":                    {"clientId consentType resourceId scope", ""},
		graph + "appRoleAssignedTo@v1.0":                         {"appRoleId principalId resourceId", ""},
	}
}

// TestExportOfBicepHasKnownProperties checks the resources of the file against the types.
func TestExportOfBicepHasKnownProperties(t *testing.T) {
	w := hostile()
	w.Credential.Federated = &Federated{Issuer: "https://platform.example", Subject: "me"}
	w.AttributesCredential = w.Credential
	text, err := Export(w, "bicep")
	if err != nil {
		t.Fatal(err)
	}
	resources := regexp.MustCompile(`(?ms)^resource (\w+) '([^']+)'(?: existing)? = \{\n(.*?)^\}$`).
		FindAllStringSubmatch(text, -1)
	if len(resources) != 13 {
		t.Errorf("%d resources", len(resources))
	}
	for _, r := range resources {
		known, ok := bicepTypes()[r[2]]
		if !ok {
			t.Errorf("%s has the unknown type %s", r[1], r[2])
		}
		has := map[string]bool{}
		for _, property := range regexp.MustCompile(`(?m)^  (\w+): `).FindAllStringSubmatch(r[3], -1) {
			has[property[1]] = true
			if !contains(strings.Fields(known[0]+" "+known[1]), property[1:]) {
				t.Errorf("%s has the unknown property %s", r[1], property[1])
			}
		}
		for name := range strings.FieldsSeq(known[0]) {
			if !has[name] {
				t.Errorf("%s lacks %s", r[1], name)
			}
		}
	}
	for _, symbol := range []string{"midTier", "attributes"} {
		if !strings.Contains(text, "  name: '${"+symbol+".uniqueName}/profilectl-default'\n") {
			t.Errorf("the federated credential of %s has another name:\n%s", symbol, text)
		}
	}
}
