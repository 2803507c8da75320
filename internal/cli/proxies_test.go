//go:build unix

package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

// fleet is two replicas that restart at the same addresses, for proxies in front of them.
type fleet struct {
	*cluster
	replicas  [2]*replica
	addresses [2][2]string // public and admin
	arguments []string
	roots     *x509.CertPool // of the certificate of the proxies
}

func newFleet(t *testing.T, arguments ...string) *fleet {
	t.Helper()
	f := &fleet{cluster: newCluster(t), arguments: arguments}
	for i := range f.replicas {
		for k := range f.addresses[i] {
			f.addresses[i][k] = net.JoinHostPort("127.0.0.1", strconv.Itoa(unusedPort()))
		}
		f.startReplica(i)
	}
	f.certify()
	return f
}

// certify writes a certificate for the proxies, which the clients trust.
func (f *fleet) certify() {
	f.t.Helper()
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	f.roots = x509.NewCertPool()
	f.roots.AppendCertsFromPEM(certificate.CA)
	key, err := x509.MarshalPKCS8PrivateKey(certificate.TLS.PrivateKey)
	if err != nil {
		f.t.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.TLS.Certificate[0]})
	encoded := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for name, text := range map[string][]byte{
		"tls.crt": chain,
		"tls.key": encoded,
		"tls.pem": slices.Concat(chain, encoded),
	} {
		if err := os.WriteFile(f.path(name), text, 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
}

// startReplica starts a replica and returns when it is ready.
func (f *fleet) startReplica(i int) {
	f.t.Helper()
	address := f.addresses[i]
	f.replicas[i] = f.startAt(fmt.Sprint("replica", i), address[0], address[1], f.arguments...)
	f.await("the replica is not ready", func() bool { return f.read(f.replicas[i], "/readyz") == "ready\n" })
}

// restart stops a replica as an engine does, and starts it again.
func (f *fleet) restart(i int) {
	f.t.Helper()
	process := f.replicas[i].process
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		f.t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		f.t.Errorf("after SIGTERM: %v", err)
	}
	f.startReplica(i)
}

// proxy is a proxy that runs in front of the replicas.
type proxy struct {
	f       *fleet
	name    string
	address string
	client  *http.Client
}

// startProxy runs a proxy with a configuration. Each string to replace must be in it.
func (f *fleet) startProxy(name, config string, replace []string, command ...string) *proxy {
	f.t.Helper()
	port := unusedPort()
	replace = append(replace,
		"10.0.0.11:3001", f.addresses[0][0],
		"10.0.0.12:3001", f.addresses[1][0],
		"443 ssl", fmt.Sprintf("127.0.0.1:%d ssl", port))
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(config, replace[i]) {
			f.t.Fatalf("the configuration of %s lacks %q", name, replace[i])
		}
		config = strings.ReplaceAll(config, replace[i], replace[i+1])
	}
	file := f.path(name + ".conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		f.t.Fatal(err)
	}
	process := exec.Command(command[0], append(command[1:], file)...)
	var output bytes.Buffer
	process.Stdout, process.Stderr = &output, &output
	if err := process.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
		if f.t.Failed() {
			f.t.Logf("%s: %s", name, failedLines(output.String()))
		}
	})
	p := &proxy{f: f, name: name, address: fmt.Sprintf("https://localhost:%d", port)}
	p.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig:   clientTLS(f.roots),
		ForceAttemptHTTP2: true,
	}}
	f.t.Cleanup(p.client.CloseIdleConnections)
	f.await(name+" does not respond", func() bool { return p.edit(f.t.Context()) == "204 over HTTP/2" })
	return p
}

// need skips the test if a program is not installed, or fails it if the tests require it.
func (f *fleet) need(program string) string {
	f.t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		path = filepath.Join("/usr/sbin", program)
		_, err = os.Stat(path)
	}
	if err != nil {
		if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
			f.t.Fatalf("%s is not installed", program)
		}
		f.t.Skipf("%s is not installed", program)
	}
	return path
}

// haproxy starts haproxy with the configuration in deploy/haproxy.
func (f *fleet) haproxy() *proxy {
	f.t.Helper()
	program := f.need("haproxy")
	config := readDeploy(f.t, "haproxy/haproxy.cfg")
	replace := []string{
		"/etc/haproxy/profilectl.pem", f.path("tls.pem"),
		"10.0.0.11:3001 port 9001", "10.0.0.11:3001 port " + portOf(f.addresses[0][1]),
		"10.0.0.12:3001 port 9001", "10.0.0.12:3001 port " + portOf(f.addresses[1][1]),
		"127.0.0.1:3002", net.JoinHostPort("127.0.0.1", strconv.Itoa(unusedPort())),
		"bind :443", "bind 443",
	}
	if os.Geteuid() != 0 { // only root can run haproxy as another user
		replace = append(replace, "    user haproxy\n    group haproxy\n", "")
	}
	return f.startProxy("haproxy", config, replace, program, "-db", "-f")
}

// nginx starts nginx with a site. What is around it is what Debian's nginx.conf has.
func (f *fleet) nginx(name, site string, replace ...string) *proxy {
	f.t.Helper()
	program := f.need("nginx")
	dir := f.path(name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		f.t.Fatal(err)
	}
	config := "daemon off;\npid " + dir + "/pid;\nerror_log stderr;\nevents {}\nhttp {\n    access_log off;\n"
	if os.Geteuid() == 0 {
		config = "user root;\n" + config // other users cannot read the directory of a test
	}
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		config += fmt.Sprintf("    %s_temp_path %s/%s;\n", kind, dir, kind)
	}
	return f.startProxy(name, config+site+"}\n", replace, program, "-e", "stderr", "-p", dir, "-c")
}

// configuredNginx starts nginx with the configuration in deploy/nginx.
func (f *fleet) configuredNginx() *proxy {
	f.t.Helper()
	return f.nginx("nginx", readDeploy(f.t, "nginx/profilectl.conf"),
		"/etc/nginx/profilectl.pem", f.path("tls.crt"),
		"/etc/nginx/profilectl.key", f.path("tls.key"))
}

// edit sends an edit through the proxy and returns the status and the protocol, or the
// error.
func (p *proxy) edit(ctx context.Context) string {
	res, err := p.client.Do(p.f.request(p.address, `{"displayName":"Ada L."}`).WithContext(ctx))
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return fmt.Sprintf("%d over HTTP/%d", res.StatusCode, res.ProtoMajor)
}

// load sends edits through a proxy until stop, and records those that fail.
type load struct {
	sent     atomic.Int64
	mu       sync.Mutex
	failures []string
	first    time.Time // of the failures
	last     time.Time
	all      sync.WaitGroup
	stop     context.CancelFunc
}

func (p *proxy) load() *load {
	const clients, interval = 4, 5 * time.Millisecond
	ctx, stop := context.WithCancel(p.f.t.Context())
	l := &load{stop: stop}
	for range clients {
		l.all.Go(func() {
			tick := time.NewTicker(interval)
			defer tick.Stop()
			for ctx.Err() == nil {
				<-tick.C
				if got := p.edit(p.f.t.Context()); got != "204 over HTTP/2" {
					l.fail(got)
				}
				l.sent.Add(1)
			}
		})
	}
	return l
}

func (l *load) fail(got string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures = append(l.failures, got); len(l.failures) == 1 {
		l.first = time.Now()
	}
	l.last = time.Now()
}

// wait stops the load and returns the failures and the time between the first and the
// last.
func (l *load) wait() (failures []string, outage time.Duration) {
	l.stop()
	l.all.Wait()
	return l.failures, l.last.Sub(l.first)
}

// whileEditing calls act while clients edit through haproxy and nginx, and for a while
// longer. No request may fail.
func (f *fleet) whileEditing(act func()) {
	f.t.Helper()
	loads := map[string]*load{"haproxy": f.haproxy().load(), "nginx": f.configuredNginx().load()}
	sent := func(count int64) {
		f.t.Helper()
		for name, l := range loads {
			until := l.sent.Load() + count
			f.await(name+" is stuck", func() bool { return l.sent.Load() >= until })
		}
	}
	sent(100)
	act()
	sent(300)
	for name, l := range loads {
		if failures, outage := l.wait(); len(failures) > 0 {
			f.t.Errorf("%s: %d of %d requests failed within %v: %s",
				name, len(failures), l.sent.Load(), outage, failures[0])
		}
		f.t.Logf("%s: %d requests", name, l.sent.Load())
	}
}

func TestProxiesRestartReplicasWithoutAFailedRequest(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "--rate", "0", "--behind-proxy", "--drain-delay", "3s")
	f.whileEditing(func() {
		f.restart(0)
		f.restart(1)
	})
}

func TestProxiesRepeatTheRequestsOfAKilledReplica(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "--rate", "0", "--behind-proxy")
	f.whileEditing(func() {
		if err := f.replicas[0].process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDefaultNginxHasAnOutageOfAtMostASecondDuringARollingRestart uses nothing but proxy_pass to two
// servers: HTTP/1.0 to the replicas, fail_timeout 10s, no retry of a POST that was sent.
// The replicas drain for longer than fail_timeout.
func TestDefaultNginxHasAnOutageOfAtMostASecondDuringARollingRestart(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "--rate", "0", "--behind-proxy", "--drain-delay", "11s")
	site := `
upstream replicas { server 10.0.0.11:3001; server 10.0.0.12:3001; }
server {
    listen 443 ssl http2;
    ssl_certificate ` + f.path("tls.crt") + `;
    ssl_certificate_key ` + f.path("tls.key") + `;
    location / { proxy_pass http://replicas; }
}
`
	l := f.nginx("nginx", site).load()
	f.restart(0)
	f.restart(1)
	failures, outage := l.wait()
	// A connection that the kernel accepted as a replica stopped is closed without a
	// response, and by default nginx does not repeat a POST.
	if len(failures) > 3 || outage > time.Second {
		t.Errorf("%d of %d requests failed within %v: %s", len(failures), l.sent.Load(), outage, failures[0])
	}
	t.Logf("%d requests, %d failed", l.sent.Load(), len(failures))
}

// readDeploy returns a file of the directory deploy.
func readDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// failedLines returns the last lines of a proxy's log that are not about a success.
func failedLines(log string) string {
	const most = 40
	lines := slices.DeleteFunc(strings.Split(log, "\n"), func(line string) bool {
		return strings.Contains(line, " 204 ")
	})
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address) // the tests make it
	return port
}

func clientTLS(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}
