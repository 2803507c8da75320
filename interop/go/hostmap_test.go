package interop

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// hostMap is an HTTP proxy that connects the host names of the real service to the
// sandbox, for programs that honor HTTPS_PROXY. They do not use it for localhost.
type hostMap struct {
	address   string          // for HTTPS_PROXY
	transport *http.Transport // of a browser that uses the proxy and trusts the CA
}

func newHostMap(t *testing.T) hostMap {
	t.Helper()
	sandbox, err := url.Parse(env(t, "SANDBOX_AUTHORITY"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := net.SplitHostPort(r.Host)
		isReal := name == "graph.microsoft.com" || strings.HasSuffix(name, ".ciamlogin.com")
		if r.Method != http.MethodConnect || !isReal {
			http.Error(w, r.Host+" is not the sandbox", http.StatusForbidden)
			return
		}
		tunnel(w, sandbox.Host)
	}))
	t.Cleanup(server.Close)
	transport := newHTTPClient(t).Transport.(*http.Transport)
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Hostname() == "localhost" {
			return nil, nil
		}
		return url.Parse(server.URL)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return hostMap{address: server.URL, transport: transport}
}

// tunnel connects the client of a CONNECT request with an address.
func tunnel(w http.ResponseWriter, address string) {
	target, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer target.Close()
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(target, client)
		_ = target.Close()
	}()
	_, _ = io.Copy(client, target)
}
