package bundle

import (
	"archive/zip"
	"encoding/base64"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestRedactorRemovesValues(t *testing.T) {
	r := NewRedactor([]string{"contoso", "Casey Jensen", "on", "s3cret/+="}, []string{"scope.edit"})
	for text, want := range map[string]string{
		"needs scope.edit": "needs scope.edit",
		"the tenant is 11111111-2222-3333-4444-555555555555":                 "the tenant is [id]",
		"no account is signed in to contoso":                                 "no account is signed in to [value]",
		"signed in as casey@contoso.example":                                 "signed in as [email]",
		"the proxy http://proxy.example:3128":                                "the proxy [address]",
		"connected to login.fabrikam.example":                                "connected to [host]",
		"connected to localhost":                                             "connected to localhost",
		"nothing answers at 192.168.1.7":                                     "nothing answers at [host]",
		`the setting has the value "Ada L."`:                                 `the setting has the value "[value]"`,
		"/home/ada/config.yaml is writable by other users":                   " [path] is writable by other users",
		"a token eyJhbGciOiJub25lIn0.e30.c2lnbmF0dXJl":                       "a token [token]",
		"signed in as Casey Jensen":                                          "signed in as [value]",
		"in a URL: " + url.QueryEscape("s3cret/+="):                          "in a URL: [value]",
		"encoded: " + base64.StdEncoding.EncodeToString([]byte("s3cret/+=")): "encoded: [value]",
		"the clock agrees with the tenant's":                                 "the clock agrees with the tenant's",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestWriteReplacesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.zip")
	file, err := JSON("a.json", "a number", map[string]int{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckNew(path); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []File{file}); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{CheckNew(path), Write(path, nil)} {
		if f := fault.As(err); f.Kind != fault.Usage || !strings.Contains(f.What, "exists already") {
			t.Errorf("got %v", err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	part, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(part); string(raw) != "{\n  \"n\": 1\n}\n" || err != nil {
		t.Errorf("got %q, %v", raw, err)
	}
	missing := filepath.Join(t.TempDir(), "no", "report.zip")
	if err := Write(missing, nil); fault.As(err).Kind != fault.Usage {
		t.Errorf("no directory: %v", err)
	}
}
