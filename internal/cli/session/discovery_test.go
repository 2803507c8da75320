package session

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

const someTenant = "aaaabbbb-0000-4ccc-1111-dddd2222eeee"

// clientOf returns a client that trusts a test server.
func clientOf(t *testing.T, server *httptest.Server) *http.Client {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := upstream.New(upstream.Config{CAFile: file})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestDiscoverNeverFollowsARedirectToHTTP: another machine on the network could answer
// there, and name its own sign-in page.
func TestDiscoverNeverFollowsARedirectToHTTP(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was requested without TLS", r.URL)
	}))
	defer plain.Close()
	mux := http.NewServeMux()
	secure := httptest.NewTLSServer(mux)
	defer secure.Close()
	mux.Handle("/hop/", http.RedirectHandler(plain.URL, http.StatusFound))
	mux.Handle("/"+someTenant+"/", http.RedirectHandler(plain.URL, http.StatusMovedPermanently))
	const other = "bbbbbbbb-0000-4ccc-1111-dddd2222eeee"
	mux.Handle("/"+other+"/", http.RedirectHandler(secure.URL+"/hop/", http.StatusTemporaryRedirect))
	for _, tenant := range []string{someTenant, other} {
		_, err := discover(t.Context(), clientOf(t, secure), secure.URL+"/"+tenant, t.TempDir(), DiscoverAlways)
		if f := fault.As(err); err == nil || f.Kind == fault.Internal || f.Advice() == "" {
			t.Errorf("got %v", err)
		}
	}
}

func TestReadAuthorityTrustsOnlyFilesThatOthersCannotChange(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // its files have no mode bits and no owner of this kind
	}
	path := filepath.Join(t.TempDir(), "authority.json")
	want := authority.Authority{URL: "https://" + someTenant + ".ciamlogin.com/" + someTenant}
	if err := writeAuthority(path, want); err != nil {
		t.Fatal(err)
	}
	if got, fresh := readAuthority(path); got != want || !fresh {
		t.Errorf("got %+v, fresh %v", got, fresh)
	}
	if os.Getuid() == 0 { // only root can give a file away
		if err := os.Chown(path, 4242, -1); err != nil {
			t.Fatal(err)
		}
		if got, _ := readAuthority(path); got.URL != "" {
			t.Error("a file of another user was read")
		}
		if err := os.Chown(path, 0, -1); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, 0o622); err != nil {
		t.Fatal(err)
	}
	if got, _ := readAuthority(path); got.URL != "" {
		t.Error("a file that others may change was read")
	}
}
