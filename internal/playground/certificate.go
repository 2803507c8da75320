package playground

import (
	"fmt"
	"os"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// certificate returns the certificate of the started tenant and writes its CA to
// p.CAFile.
func (p *Playground) certificate(o Options, s state) (loopback.Certificate, error) {
	names := o.names(p.Facts)
	if s.dir != nil {
		return loopback.LoadCertificate(s.dir.Path(), time.Now(), names...)
	}
	c, err := loopback.NewCertificate(time.Now(), names...)
	if err != nil {
		return c, err
	}
	if err := os.WriteFile(p.CAFile, c.CA, 0o600); err != nil {
		return c, fmt.Errorf("write CA: %w", err)
	}
	return c, nil
}

// names returns the host names of a tenant other than those of loopback.
func (o Options) names(f sandbox.Facts) (names []string) {
	if o.Host != "" {
		names = append(names, o.Host)
	}
	if o.RealNames {
		names = append(names, f.Subdomain+".ciamlogin.com", f.TenantID+".ciamlogin.com", "graph.microsoft.com")
	}
	return names
}
