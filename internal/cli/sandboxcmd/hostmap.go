package sandboxcmd

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox"
)

// hostMapModule is a Node.js module with the placeholders PORT, CA_FILE and KEY_HASH.
//
//go:embed hostmap.cjs
var hostMapModule string

// runningSandbox describes a running sandbox and how clients verify it.
type runningSandbox struct {
	facts       sandbox.Facts
	caFile      string
	certificate *x509.Certificate
}

// describe returns the description of a running sandbox.
func describe(
	ctx context.Context,
	env command.Env,
	g *command.Globals,
	dir string,
) (s runningSandbox, err error) {
	client, err := connect(env, g, dir)
	if err != nil {
		return s, err
	}
	if s.facts, err = client.Facts(ctx); err != nil {
		return s, playground.Fault(err)
	}
	if s.caFile, err = caFileOf(env, g, dir); err != nil {
		return s, err
	}
	s.certificate, err = serverCertificate(ctx, g, s.facts.Authority, s.caFile)
	return s, err
}

// caFileOf returns the file with the CA of the sandbox that connect
// connects to.
func caFileOf(env command.Env, g *command.Globals, dir string) (string, error) {
	if file := env.Getenv("SANDBOX_CA_FILE"); file != "" && dir == "" && g.Tenant == "" {
		return file, nil
	}
	dir, err := stateDir(env, g, dir)
	return filepath.Join(dir, "ca.pem"), err
}

// serverCertificate returns the certificate of the server at an address.
func serverCertificate(ctx context.Context, g *command.Globals, address, caFile string) (*x509.Certificate, error) {
	client, err := upstream.New(upstream.Config{CAFile: caFile, Timeout: g.Timeout, Attempts: 1})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, playground.Fault(err)
	}
	_ = res.Body.Close()
	return res.TLS.PeerCertificates[0], nil
}

// hasRealNames reports whether the sandbox was started with --real-names.
func (s runningSandbox) hasRealNames() bool {
	return s.certificate.VerifyHostname(s.facts.Subdomain+".ciamlogin.com") == nil
}

// printHostMap prints the module that sends the connections of Node.js to Microsoft's
// host names to the sandbox.
func printHostMap(ctx context.Context, env command.Env, g *command.Globals, dir string) error {
	s, err := describe(ctx, env, g, dir)
	if err != nil {
		return err
	}
	if !s.hasRealNames() {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the certificate of the sandbox lacks Microsoft's host names",
			Fix:  "start the sandbox with `profilectl sandbox --real-names`",
		}
	}
	api, err := url.Parse(s.facts.Authority)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(s.certificate.RawSubjectPublicKeyInfo)
	_, err = fmt.Fprint(env.Stdout, strings.NewReplacer(
		"PORT", api.Port(),
		"CA_FILE", s.caFile,
		"KEY_HASH", base64.StdEncoding.EncodeToString(hash[:]),
	).Replace(hostMapModule))
	return err
}
