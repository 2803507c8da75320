package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/bench/internal/stub"
)

// tenant is the running stub and its signing key.
type tenant struct {
	stubInfo
	stub.Signer
	used atomic.Int64 // users so far
}

func startStub(self, dir string) (*tenant, func(), error) {
	c := exec.Command(self, "stub", dir)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() { _ = c.Process.Kill(); _ = c.Wait() }
	f, err := awaitStub(filepath.Join(dir, "stub.json"))
	if err != nil {
		stop()
		return nil, nil, err
	}
	raw, err := os.ReadFile(f.Key)
	if err != nil {
		stop()
		return nil, nil, err
	}
	block, _ := pem.Decode(raw)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signing, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok {
		stop()
		return nil, nil, errors.Join(errors.New("the stub's key cannot be read"), err)
	}
	return &tenant{stubInfo: f, Signer: stub.Signer{Origin: f.API, Key: signing}}, stop, nil
}

// tokens signs tokens of count users. They are as large as those of Entra.
func (t *tenant) tokens(count int) ([]string, error) {
	claims := jwt.MapClaims{
		"name":               "Casey Jensen",
		"preferred_username": "casey@contoso.example",
		"aio":                strings.Repeat("a", 400),
		"rh":                 "1.x",
		"uti":                "u",
	}
	all := make([]string, count)
	var group sync.WaitGroup
	var failed atomic.Value
	for worker := range runtime.NumCPU() {
		group.Go(func() {
			for i := worker; i < count; i += runtime.NumCPU() {
				signed, err := t.AccessToken(int(t.used.Add(1)), claims)
				if err != nil {
					failed.Store(err)
					return
				}
				all[i] = signed
			}
		})
	}
	group.Wait()
	err, _ := failed.Load().(error)
	return all, err
}

// server is a running server to measure.
type server struct {
	address string
	pid     int
	stop    func()
}

// startServe starts `profilectl serve`.
func (t *tenant) startServe(tool, dir string) (*server, error) {
	c := exec.Command(tool, "serve")
	c.Env = append(os.Environ(), t.serveEnvironment(dir)...)
	return launch(c, dir)
}

// measure adds the figures of one round to r.
func (t *tenant) measure(r *row, s *server, o options, tokens []string) error {
	before, err := cpu(s.pid)
	if err != nil {
		return err
	}
	took, elapsed, err := load(s.address+"/updateUserInfo", o, tokens, r.fresh)
	if err != nil {
		return err
	}
	after, err := cpu(s.pid)
	if err != nil {
		return err
	}
	r.perSecond = append(r.perSecond, float64(len(took))/elapsed.Seconds())
	r.p50, r.p99 = append(r.p50, percentile(took, 50)), append(r.p99, percentile(took, 99))
	r.cpu = append(r.cpu, (after-before)*1000/float64(len(took)))
	if r.rss, err = rss(s.pid); err != nil {
		return err
	}
	r.calls, err = t.calls()
	return err
}

// launch starts a server that writes its address into the file "ready".
func launch(c *exec.Cmd, dir string) (*server, error) {
	ready := filepath.Join(dir, "ready")
	_ = os.Remove(ready) // of the previous server
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{pid: c.Process.Pid, stop: func() { _ = c.Process.Kill(); _ = c.Wait() }}
	var err error
	if s.address, err = await(ready); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// serveEnvironment returns the configuration of serve.
func (t *tenant) serveEnvironment(dir string) []string {
	return []string{
		"PROFILECTL_READY_FILE=" + filepath.Join(dir, "ready"),
		"PROFILECTL_SERVE_AUTHORITY=" + t.API + "/" + stub.TenantID,
		"PROFILECTL_SERVE_CLIENT_ID=" + stub.ClientID,
		"PROFILECTL_SERVE_CLIENT_SECRET=secret",
		"PROFILECTL_SERVE_GRAPH=" + t.API,
		"PROFILECTL_SERVE_CA_FILE=" + t.CA,
		"PROFILECTL_SERVE_RATE=0",
		"PROFILECTL_SERVE_EXCHANGE_RATE=0",
		"PROFILECTL_SERVE_LISTEN=127.0.0.1:0",
		"PROFILECTL_SERVE_ADMIN_LISTEN=127.0.0.1:0",
	}
}

// await waits until a server has written its address into a file, and returns it.
func await(path string) (string, error) {
	deadline := time.Now().Add(startTimeout)
	for time.Now().Before(deadline) {
		if raw, err := os.ReadFile(path); err == nil && len(raw) > 0 {
			return strings.TrimSpace(string(raw)), nil
		}
		time.Sleep(startPoll)
	}
	return "", errors.New("the server did not start")
}

const body = `{"displayName":"Ada L.","givenName":"Ada","surname":"Lovelace"}`

// load sends requests for the length of a round or, if each token is used only
// once, until there are no tokens left. It returns how long each request took.
func load(address string, o options, tokens []string, once bool) ([]time.Duration, time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.clients}}
	ctx, cancel := context.WithTimeout(context.Background(), o.length)
	defer cancel()
	var next atomic.Int64
	var failed atomic.Value
	took := make([][]time.Duration, o.clients)
	var group sync.WaitGroup
	start := time.Now()
	for i := range o.clients {
		group.Go(func() {
			for ctx.Err() == nil {
				token := tokens[i%len(tokens)]
				if once {
					n := int(next.Add(1)) - 1
					if n >= len(tokens) {
						return
					}
					token = tokens[n]
				}
				sent := time.Now()
				if err := send(client, address, token); err != nil {
					failed.Store(err)
					return
				}
				took[i] = append(took[i], time.Since(sent))
			}
		})
	}
	group.Wait()
	elapsed := time.Since(start)
	err, _ := failed.Load().(error)
	return slices.Concat(took...), elapsed, err
}

func send(client *http.Client, address, token string) error {
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("HTTP status %d: %s", res.StatusCode, text)
	}
	return err
}

func percentile(all []time.Duration, percent int) float64 {
	slices.Sort(all)
	return float64(all[(len(all)-1)*percent/100].Microseconds()) / 1000
}

// cpu returns the processor time that a process has used, in seconds.
func cpu(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	user, userErr := strconv.ParseFloat(fields[11], 64)
	system, systemErr := strconv.ParseFloat(fields[12], 64)
	const ticks = 100 // a second, on Linux
	return (user + system) / ticks, errors.Join(userErr, systemErr)
}

// rss returns the resident memory of a process, in megabytes.
func rss(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw), "VmRSS:")
	kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kilobytes / 1024, err
}
