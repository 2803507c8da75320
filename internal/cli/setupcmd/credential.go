package setupcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/setup"
	"github.com/profilectl/profilectl/internal/statefile"
)

// The kinds of credentials of the mid-tier.
const (
	credentialSecret      = "secret"
	credentialCertificate = "certificate"
	credentialFederated   = "federated"
)

// CredentialKinds returns the values of --credential.
func CredentialKinds() []string {
	return []string{credentialSecret, credentialCertificate, credentialFederated}
}

// credentialOptions are the flags of the mid-tier's credential.
type credentialOptions struct {
	Kind            string
	SecretFile      string // "-" is standard output
	CertificateFile string
	Issuer          string
	Subject         string
	Lifetime        time.Duration
}

func (o *credentialOptions) bind(f *pflag.FlagSet) {
	const halfYear = 180 * 24 * time.Hour
	f.StringVar(&o.Kind, "credential", credentialSecret, "mid-tier's `credential`: secret, certificate or federated")
	f.StringVar(&o.SecretFile, "secret-file", "", "new `file` for the client secret; - is standard output")
	f.StringVar(&o.CertificateFile, "certificate-file", "",
		"PEM `file` with the mid-tier's certificate; created if missing")
	f.StringVar(&o.Issuer, "federated-issuer", "", "`URL` of the issuer of the platform's tokens")
	f.StringVar(&o.Subject, "federated-subject", "", "`subject` of the platform's tokens")
	command.DurationFlag(f, &o.Lifetime, "credential-lifetime", halfYear,
		"validity of a new credential; 4320h is 180 days")
}

// credential returns the description of the credential of an application with a name. prefix
// is that of its flags.
func (o *credentialOptions) credential(env command.Env, name, prefix string) (setup.Credential, error) {
	switch o.Kind {
	case credentialSecret:
		if o.SecretFile == "" {
			return setup.Credential{}, nil
		}
		return setup.Credential{Secret: o.secretSink(env)}, nil
	case credentialCertificate:
		if o.CertificateFile == "" {
			return setup.Credential{}, missingFlag("--"+prefix+"certificate-file", "certificate")
		}
		return setup.Credential{Certificate: o.certificate(name)}, nil
	case credentialFederated:
		if o.Issuer == "" || o.Subject == "" {
			return setup.Credential{}, missingFlag("--federated-issuer and --federated-subject", "federated")
		}
		return setup.Credential{Federated: &setup.Federated{Issuer: o.Issuer, Subject: o.Subject}}, nil
	}
	return setup.Credential{}, &fault.Error{
		Kind: fault.Usage,
		What: "invalid credential " + command.Quote(o.Kind),
		Fix:  "use --credential secret, certificate or federated",
	}
}

func missingFlag(flag, kind string) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: "--credential " + kind + " needs " + flag,
		Fix:  "add " + flag,
	}
}

// secretSink returns the place for a new secret: standard output or a file.
func (o *credentialOptions) secretSink(env command.Env) *setup.SecretSink {
	if o.SecretFile == "-" {
		printed := ""
		return &setup.SecretSink{
			Lifetime: o.Lifetime,
			Written:  func() (string, error) { return printed, nil },
			Reserve:  func() error { return nil },
			Write: func(secret string) error {
				printed = secret
				_, err := fmt.Fprintln(env.Stdout, secret)
				return err
			},
		}
	}
	path := o.SecretFile
	return &setup.SecretSink{
		Lifetime: o.Lifetime,
		Written: func() (string, error) {
			raw, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return "", nil
			}
			return strings.TrimSpace(string(raw)), err
		},
		Reserve: func() error { return reserve(path) },
		Write: func(secret string) error {
			if err := statefile.Write(path, []byte(secret+"\n")); err != nil {
				return cannotWriteFile(path, err)
			}
			return nil
		},
	}
}

// reserve creates an empty file, so that the secret can be written for certain. An empty
// file of an earlier run is one, too.
func reserve(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return cannotWriteFile(path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = f.Close()
	}
	if info, statErr := os.Lstat(path); statErr == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return &fault.Error{
			Kind: fault.Usage,
			What: "a new client secret is needed, and " + path + " exists already",
			Fix:  "name a file that does not exist",
			Err:  err,
		}
	}
	if err != nil {
		return cannotWriteFile(path, err)
	}
	return nil
}

func cannotWriteFile(path string, err error) error {
	what, fix := statefile.Explain("cannot write "+path, "make the directory writable", path, err)
	return &fault.Error{Kind: fault.Usage, What: what, Fix: fix, Err: err}
}

// certificate returns the certificate of a file, which is generated if it is missing.
func (o *credentialOptions) certificate(name string) *setup.Certificate {
	path := o.CertificateFile
	return &setup.Certificate{
		Existing: func() ([]byte, error) {
			raw, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, nil
			}
			if err == nil {
				raw, err = setup.ParseCertificate(raw)
			}
			if err != nil {
				what, fix := statefile.Explain("cannot use "+path, "name a PEM file with a certificate", path, err)
				return nil, &fault.Error{Kind: fault.Usage, What: what, Fix: fix, Err: err}
			}
			return raw, nil
		},
		Generate: func() ([]byte, error) {
			file, der, err := setup.NewCertificate(name, o.Lifetime)
			if err != nil {
				return nil, err
			}
			if err := statefile.Write(path, file); err != nil {
				return nil, cannotWriteFile(path, err)
			}
			return der, nil
		},
	}
}
