package serve_test

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

// settings returns the settings for the mid-tier of a tenant without a network.
func settings(t *testing.T, changes ...func(*serve.Settings)) serve.Settings {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	f := tenant.Facts()
	s := serve.Settings{
		Authority:  f.Authority,
		ClientID:   f.MidTierID,
		Credential: serve.CredentialSettings{Secret: f.MidTierSecret},
		HTTP:       tenant.Client(),
		Listen:     serve.ListenSettings{Public: "localhost:0", Admin: "localhost:0"},
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// unusable has settings with which Open must fail.
var unusable = []struct {
	name   string
	change func(*serve.Settings)
	what   string
}{
	{
		"no client id",
		func(s *serve.Settings) { s.ClientID = "" },
		"no client id is configured",
	},
	{
		"no credential",
		func(s *serve.Settings) { s.Credential = serve.CredentialSettings{} },
		"no client credential is configured",
	},
	{
		"two credentials",
		func(s *serve.Settings) { s.Credential.SecretFile = "secret" },
		"more than one client credential is configured",
	},
	{
		"the id of another tenant",
		func(s *serve.Settings) { s.TenantID = "11111111-2222-3333-4444-555555555555" },
		"authority and tenant-id name different tenants",
	},
	{
		"a shared cache without a key",
		func(s *serve.Settings) { s.Cache.Address = "redis://localhost:1/0" },
		"the shared cache has no key",
	},
	{
		"headers for traces that are not a list",
		func(s *serve.Settings) { s.Traces = serve.TraceSettings{Endpoint: "http://localhost:1", Headers: "x"} },
		"traces cannot be sent: the headers must be name=value,name=value",
	},
}

func TestOpenRejectsUnusableSettings(t *testing.T) {
	for _, c := range unusable {
		t.Run(c.name, func(t *testing.T) {
			_, err := serve.Open(t.Context(), settings(t, c.change), slog.New(slog.DiscardHandler))
			if f := fault.As(err); err == nil || f.Kind != fault.Usage || f.What != c.what || f.Fix == "" {
				t.Errorf("got %v, want %q", err, c.what)
			}
		})
	}
}

func TestCheckReportsEachCheck(t *testing.T) {
	names := func(results []serve.CheckResult) (names, failed []string) {
		for _, r := range results {
			names = append(names, r.Name)
			if r.Err != nil {
				failed = append(failed, r.Name)
			}
		}
		return names, failed
	}
	all := []string{"configuration and tenant", "signing keys", "credential", "Microsoft Graph", "addresses"}
	for _, c := range []struct {
		name          string
		change        func(*serve.Settings)
		names, failed []string
	}{
		{"usable settings", func(*serve.Settings) {}, all, nil},
		{
			"a wrong secret", func(s *serve.Settings) { s.Credential.Secret = "wrong" },
			all, []string{"credential"},
		},
		{
			"plain HTTP on a public address", func(s *serve.Settings) { s.Listen.Public = "0.0.0.0:0" },
			all, []string{"addresses"},
		},
		{
			"an address of another machine", func(s *serve.Settings) { s.Listen.Admin = "192.0.2.1:0" }, // RFC 5737
			all, []string{"addresses"},
		},
		{
			"a certificate without its key", func(s *serve.Settings) { s.Listen.Certificate = "cert.pem" },
			all, []string{"addresses"},
		},
		{
			"the id of another tenant",
			func(s *serve.Settings) { s.TenantID = "11111111-2222-3333-4444-555555555555" },
			[]string{"configuration and tenant", "Microsoft Graph", "addresses"}, []string{"configuration and tenant"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			results, err := serve.Check(t.Context(), settings(t, c.change), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			names, failed := names(results)
			if !slices.Equal(names, c.names) || !slices.Equal(failed, c.failed) {
				t.Errorf("got %q, failed %q", names, failed)
			}
		})
	}
}

func TestCheckFailsIfTheCredentialCannotBeRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	results, err := serve.Check(t.Context(), settings(t, func(s *serve.Settings) {
		s.Credential = serve.CredentialSettings{SecretFile: missing}
	}), slog.New(slog.DiscardHandler))
	want := "the client secret file " + missing + " does not exist"
	if f := fault.As(err); results != nil || f.Kind != fault.Usage || f.What != want {
		t.Errorf("got %v, %v", results, err)
	}
}

// TestCheckDistinguishesAnOverloadedGraphFromAnotherServer has responses to a request without
// a token, which Graph rejects with 401.
func TestCheckDistinguishesAnOverloadedGraphFromAnotherServer(t *testing.T) {
	const overloaded = "Microsoft Graph is unavailable or overloaded (HTTP status "
	for status, want := range map[int]fault.Error{
		200: {Kind: fault.Usage, What: "what answers at graph.microsoft.com is not Microsoft Graph"},
		404: {Kind: fault.Usage, What: "what answers at graph.microsoft.com is not Microsoft Graph"},
		429: {Kind: fault.Unavailable, What: overloaded + "429)"},
		503: {Kind: fault.Unavailable, What: overloaded + "503)"},
	} {
		results, err := serve.Check(t.Context(), settings(t, func(s *serve.Settings) {
			tenant := s.HTTP.Transport
			s.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == "graph.microsoft.com" {
					return response(r, status, ""), nil
				}
				return tenant.RoundTrip(r)
			})}
		}), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if got := results[3].Err; got == nil || got.Kind != want.Kind || got.What != want.What {
			t.Errorf("status %d: got %v", status, got)
		}
	}
}

// TestCheckDoesNotCreateTheAuditLog: a file that `sudo profilectl serve --check` created would
// belong to root, and the mid-tier of another user could not open it.
func TestCheckDoesNotCreateTheAuditLog(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, path, what string }{
		{"a new file", filepath.Join(dir, "audit"), ""},
		{"a directory", dir, "the audit log is not a regular file"},
		{"a file in a missing directory", filepath.Join(dir, "missing", "audit"), "the audit log cannot be opened"},
	} {
		t.Run(c.name, func(t *testing.T) {
			results, err := serve.Check(t.Context(), settings(t, func(s *serve.Settings) {
				s.AuditLog = c.path
			}), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			what := ""
			if results[0].Err != nil {
				what = results[0].Err.What
			}
			if what != c.what {
				t.Errorf("got %q, want %q", what, c.what)
			}
		})
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the check left %v, %v", left, err)
	}
}
