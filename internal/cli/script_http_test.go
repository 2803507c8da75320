package cli

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// answersCommand starts a server that sends the same status, media type and body
// in every response, and sets a variable to its address. It stands for a captive
// portal, a proxy or another program at the address of an API.
func answersCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: answers VARIABLE STATUS TYPE BODY")
	}
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", args[2])
		w.WriteHeader(status)
		_, _ = io.WriteString(w, args[3])
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// gatewayCommand starts a reverse proxy in front of a mid-tier that renames the
// WWW-Authenticate header, or removes it if NAME is empty, and sets a variable to its
// address: gateway VARIABLE URL NAME.
func gatewayCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: gateway VARIABLE URL NAME")
	}
	target, err := url.Parse(args[1])
	ts.Check(err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(res *http.Response) error {
		const name = "WWW-Authenticate"
		lines := res.Header.Values(name)
		res.Header.Del(name)
		for _, line := range lines {
			if args[2] != "" {
				res.Header.Add(args[2], line)
			}
		}
		return nil
	}
	server := httptest.NewServer(proxy)
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// getCommand sends a GET request to a port of an address of this machine and checks
// the status: get STATUS ADDRESS URL. The URL says the port and the path.
func getCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: get STATUS ADDRESS URL")
	}
	u, err := url.Parse(args[2])
	ts.Check(err)
	u.Host = net.JoinHostPort(args[1], u.Port())
	res, err := http.Get(u.String())
	ts.Check(err)
	ts.Check(res.Body.Close())
	if got := strconv.Itoa(res.StatusCode); got != args[0] {
		ts.Fatalf("the status of %s is %s, want %s", u, got, args[0])
	}
}

// preflightCommand sends the preflight request of a browser and checks that scripts of the
// origin may call, or with ! that they may not: preflight ORIGIN URL.
func preflightCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: preflight ORIGIN URL")
	}
	req, err := http.NewRequest(http.MethodOptions, args[1], nil)
	ts.Check(err)
	req.Header.Set("Origin", args[0])
	req.Header.Set("Access-Control-Request-Method", http.MethodPost)
	req.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	ts.Check(res.Body.Close())
	allowed := res.Header.Get("Access-Control-Allow-Origin")
	if (allowed == args[0]) == neg || allowed != "" && allowed != args[0] {
		ts.Fatalf("scripts of %s: got %d and origin %q", args[0], res.StatusCode, allowed)
	}
}
