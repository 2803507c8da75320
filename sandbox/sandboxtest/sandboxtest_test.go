package sandboxtest_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/sandboxtest"
)

func TestStartRunsInParallelAndCleansUp(t *testing.T) {
	var files []string
	t.Run("tests", func(t *testing.T) {
		for range 2 {
			s := sandboxtest.Start(t)
			files = append(files, s.CAFile)
			t.Run("in parallel", func(t *testing.T) {
				t.Parallel()
				res, err := s.Client.Get(s.Authority + "/v2.0/.well-known/openid-configuration")
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if res.StatusCode != http.StatusOK {
					t.Errorf("got %d", res.StatusCode)
				}
			})
		}
	})
	for _, file := range files {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", file, err)
		}
	}
}

// A web application's test: its user signs in, and the application gets a code.
func TestBrowserSignsInToAnApplication(t *testing.T) {
	for name, options := range map[string][]sandboxtest.Option{
		"pages over http":  nil,
		"pages over https": {sandboxtest.WithHTTPS()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sandboxtest.Start(t, options...)
			codes := make(chan string, 1)
			app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				codes <- r.FormValue("code")
			}))
			defer app.Close()
			redirect := strings.Replace(app.URL, "127.0.0.1", "localhost", 1) + "/callback"
			registered, err := s.Control().AddApp(t.Context(), control.App{
				Name:         "my-web-app",
				RedirectURIs: []string{redirect},
			})
			if err != nil {
				t.Fatal(err)
			}
			address := s.Authority + "/oauth2/v2.0/authorize?" + url.Values{
				"client_id":     {registered.ID},
				"redirect_uri":  {redirect},
				"response_type": {"code"},
				"response_mode": {"query"},
				"scope":         {"openid profile"},
			}.Encode()
			page, err := s.NewBrowser(t).Open(t.Context(), address)
			if err != nil || page.Status != http.StatusOK {
				t.Fatalf("%v; the browser shows %q", err, page.Text)
			}
			if code := <-codes; code == "" {
				t.Error("the application got no code")
			}
		})
	}
}
