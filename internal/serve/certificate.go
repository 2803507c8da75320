package serve

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// lookAgain is how often the files are looked at, at most.
const lookAgain = time.Second

// Certificate is the one to serve with, in a pair of PEM files. When they change
// it is read again, so that a renewal needs no restart. It is safe for
// concurrent use.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  string // of the files that pair was read from
	looked time.Time
}

// LoadCertificate reads the files. It fails with a Usage fault where they cannot
// be used.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, looked: time.Now()}
	if err := c.load(c.stampNow()); err != nil {
		return nil, &fault.Error{Kind: fault.Usage, What: "the certificate to serve with cannot be used", Fix: "check tls-cert and tls-key: PEM files that belong together", Err: err}
	}
	return c, nil
}

// Get returns the certificate (tls.Config.GetCertificate). While the new files
// cannot be used, as when only one of them has been replaced yet, the old
// certificate stays.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookAgain {
		return c.pair, nil
	}
	c.looked = time.Now()
	if now := c.stampNow(); now != c.stamp {
		if err := c.load(now); err != nil {
			c.log.Warn("the new certificate cannot be used; serving with the old one", "error", err)
		} else {
			c.log.Info("the certificate was read again")
		}
	}
	return c.pair, nil
}

func (c *Certificate) load(stamp string) error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.stamp = &pair, stamp
	return nil
}

// stampNow changes when one of the files does.
func (c *Certificate) stampNow() string {
	stamp := ""
	for _, path := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(path); err == nil {
			stamp += fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size(), " ")
		}
	}
	return stamp
}
