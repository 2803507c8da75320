// Command latency measures how long `profilectl show` and `profilectl edit` take
// with cached tokens if Microsoft Graph and the mid-tier need 50 ms for every
// response: in round trips, and in what profilectl adds to them. The floor in the
// same run is `profilectl token`, which does everything but the round trips.
//
// It needs a session bus with an unlocked keyring:
//
//	scripts/with-secret-service go run ./bench/latency
package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/profilectl/profilectl/bench/internal/rounds"
	"github.com/profilectl/profilectl/bench/internal/user"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// delay is added to every response.
const delay = 50 * time.Millisecond

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench/latency:", err)
		os.Exit(1)
	}
}

// run is one of three programs: the measurement, its inner half that has a
// sandbox in its environment, and the browser.
func run(args []string) error {
	switch {
	case len(args) == 0:
		return rounds.InSandbox("./bench/latency")
	case args[0] == "measure":
		return measure(args[1])
	case args[0] == "browse":
		return user.Browse(args[1])
	}
	return errors.New("no such part: " + args[0])
}

// measure signs in and times the commands in turns.
func measure(tool string) error {
	if out, err := exec.Command(tool, "login", "--with-edit").CombinedOutput(); err != nil {
		return fmt.Errorf("sign in: %w: %s", err, out)
	}
	defer func() { _ = exec.Command(tool, "logout").Run() }()
	if err := slowDown(); err != nil {
		return err
	}
	took, err := rounds.Time([]rounds.Program{
		{Name: "profilectl token (floor)", Argv: []string{tool, "token"}},
		{Name: "profilectl show", Argv: []string{tool, "show"}},
		{Name: "profilectl edit", Argv: []string{tool, "edit", "--city"}, Counted: true},
	}, 30)
	if err != nil {
		return err
	}
	fmt.Printf("every response is delayed by %v\n", delay)
	fmt.Printf("%-26s %8s %8s %14s %16s\n", "", "p50 ms", "p95 ms", "round trips", "overhead ms")
	roundTrip := float64(delay.Milliseconds())
	for i, trips := range []float64{0, 1, 3} {
		median := took[i].At(50)
		fmt.Printf("%-26s %8.1f %8.1f %14.2f %16.1f\n",
			took[i].Name, median, took[i].At(95), median/roundTrip, median-trips*roundTrip)
	}
	return nil
}

// slowDown puts a slow proxy in front of Graph and the mid-tier, for all commands
// started after it.
func slowDown() error {
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		return err
	}
	graph, err := proxy(os.Getenv("PROFILECTL_GRAPH"), &tls.Config{
		Certificates: []tls.Certificate{certificate.TLS},
		MinVersion:   tls.VersionTLS12,
	})
	if err != nil {
		return err
	}
	midTier, err := proxy(os.Getenv("PROFILECTL_MID_TIER"), nil)
	if err != nil {
		return err
	}
	known, err := os.ReadFile(os.Getenv("PROFILECTL_CA_FILE"))
	if err != nil {
		return err
	}
	both := filepath.Join(os.Getenv("XDG_STATE_HOME"), "both.pem")
	return errors.Join(
		os.WriteFile(both, append(known, certificate.CA...), 0o600),
		os.Setenv("PROFILECTL_CA_FILE", both),
		os.Setenv("PROFILECTL_GRAPH", graph),
		os.Setenv("PROFILECTL_MID_TIER", midTier),
	)
}

// proxy forwards to an origin and delays each response. It ends with the process.
func proxy(origin string, encrypted *tls.Config) (string, error) {
	target, err := url.Parse(origin)
	if err != nil {
		return "", err
	}
	pool, err := rounds.Roots(os.Getenv("PROFILECTL_CA_FILE"))
	if err != nil {
		return "", err
	}
	trusted := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{TLSClientConfig: trusted},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(delay)
		forward.ServeHTTP(w, r)
	})
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: slow}
	scheme := "http"
	if encrypted != nil {
		scheme, listener = "https", tls.NewListener(listener, encrypted)
	}
	go func() { _ = server.Serve(listener) }() // ends with the process
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return scheme + "://localhost:" + port, err
}
