//go:build unix

package cli

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/shared/redistest"
)

// cluster is a tenant, a redis-server, and replicas of the mid-tier, each a
// process of its own.
type cluster struct {
	t          *testing.T
	dir        string
	playground *playground.Playground
	token      string // for the mid-tier
	redis      *redistest.Server
	settings   []string // environment variables of its replicas
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := startTenant(t)
	c.redis = redistest.New(t, os.Getenv("PROFILECTL_TEST_REQUIRE") != "")
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	text := base64.StdEncoding.EncodeToString(key[:])
	if err := os.WriteFile(c.path("key"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// startTenant returns a cluster without a redis-server.
func startTenant(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, dir: t.TempDir()}
	var err error
	if c.playground, err = playground.Start(t.Context(), playground.Options{QuickPasswords: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.playground.Close)
	c.token = c.signIn()
	// Under this name TestMain is profilectl.
	if err := os.Symlink(os.Args[0], c.path("profilectl")); err != nil {
		t.Fatal(err)
	}
	return c
}

// SignIn signs a user in and returns a new token for the mid-tier.
func (c *cluster) signIn() string {
	c.t.Helper()
	ctx, cancel := context.WithCancelCause(c.t.Context())
	env := command.System().Isolated(c.playground.Variables(), c.playground.Dir)
	env.OpenBrowser = c.playground.NewRobot(cancel).Open
	s, err := session.Open(ctx, env, &command.Globals{Output: "table", Timeout: 30 * time.Second}, session.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	token, err := s.Auth.Interactive(ctx, auth.Request{Scopes: []string{c.playground.Facts.EditScope}})
	if err != nil {
		c.t.Fatal(err)
	}
	return token.Access
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

// await waits until done returns true, and fails the test with a message if that
// takes too long.
func (c *cluster) await(message string, done func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatal(message)
		}
	}
}

// replica is one mid-tier.
type replica struct {
	process *exec.Cmd
	address string // of the public routes
	admin   string // of the admin routes
}

// start starts a replica that shares what the cluster's Redis holds.
func (c *cluster) start(name, rate string) *replica {
	c.t.Helper()
	admin := net.JoinHostPort("127.0.0.1", strconv.Itoa(unusedPort()))
	return c.startAt(name, "127.0.0.1:0", admin, "--rate", rate)
}

// startAt starts a replica on the given addresses, with further arguments.
func (c *cluster) startAt(name, public, admin string, more ...string) *replica {
	c.t.Helper()
	r := &replica{admin: "http://" + admin}
	ready := c.path(name)
	_ = os.Remove(ready) // of a replica that had this name
	arguments := append([]string{"serve", "--listen", public, "--admin-listen", admin}, more...)
	if c.redis != nil {
		arguments = append(arguments, "--cache", "redis://"+c.redis.Address+"/0", "--cache-key-file", c.path("key"))
	}
	r.process = exec.Command(c.path("profilectl"), arguments...)
	r.process.Env = append(os.Environ(), "PROFILECTL_READY_FILE="+ready)
	for name, value := range c.playground.Variables() {
		r.process.Env = append(r.process.Env, name+"="+value)
	}
	r.process.Env = append(r.process.Env, c.settings...)
	log, err := os.OpenFile(c.logOf(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close() // the process has its own
	r.process.Stderr = log
	if err := r.process.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = r.process.Process.Kill(); _ = r.process.Wait() })
	c.await("the replica does not start", func() bool {
		raw, err := os.ReadFile(ready)
		r.address = strings.TrimSpace(string(raw))
		return err == nil && r.address != ""
	})
	return r
}

// logOf returns the file with the log of all replicas that had a name.
func (c *cluster) logOf(name string) string { return c.path(name + ".log") }

// request returns a request of a user to an address.
func (c *cluster) request(address, body string) *http.Request {
	c.t.Helper()
	url := address + "/updateUserInfo"
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.token)
	return req
}

// edit sends one request and returns its status, or 0 if there is no response.
func (c *cluster) edit(r *replica) int {
	res, err := http.DefaultClient.Do(c.request(r.address, `{"displayName":"Ada L."}`))
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// read returns the body of an admin route of a replica.
func (c *cluster) read(r *replica, path string) string {
	res, err := http.Get(r.admin + path)
	if err != nil {
		c.t.Error(err)
		return ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Error(err)
	}
	return string(text)
}

func (c *cluster) exchanges() (count int) {
	for _, r := range c.playground.Tenant.Requests() {
		// Not the exchange without a token with which a replica checks its credential.
		if r.Grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" && r.Status == http.StatusOK {
			count++
		}
	}
	return count
}

// TestReplicasSurviveKillsUnderLoad has clients that, like a load balancer, try the
// other replica if one does not respond.
func TestReplicasSurviveKillsUnderLoad(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	one, two := c.start("one", "0"), c.start("two", "0")
	if status := c.edit(one); status != http.StatusNoContent {
		t.Fatalf("got %d", status)
	}
	if status := c.edit(two); status != http.StatusNoContent || c.exchanges() != 1 {
		t.Fatalf("got %d after %d exchanges: the replicas do not share", status, c.exchanges())
	}
	var done, again atomic.Int64
	// load sends requests to both replicas, and calls then after a number of them.
	load := func(until, after int64, then func()) {
		t.Helper()
		done.Store(0)
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				for n := i; done.Load() < until; n++ {
					replicas := [2]*replica{one, two}
					status := c.edit(replicas[n%2])
					if status == 0 {
						again.Add(1)
						status = c.edit(replicas[(n+1)%2])
					}
					if status != http.StatusNoContent {
						t.Errorf("a request got %d", status)
					}
					if done.Add(1) == after {
						then()
					}
				}
			})
		}
		all.Wait()
	}
	load(600, 200, func() { _ = one.process.Process.Signal(syscall.SIGKILL) })
	if again.Load() == 0 || c.exchanges() != 1 {
		t.Errorf("%d requests were sent to the other replica, %d exchanges", again.Load(), c.exchanges())
	}
	one = c.start("one again", "0")
	load(600, 200, c.redis.Kill)
	fresh := c.start("without redis", "0") // has no cached token and no shared cache
	if status := c.edit(fresh); status != http.StatusNoContent {
		t.Errorf("without Redis a new replica responds with %d", status)
	}
	c.await("no route reports that Redis is unavailable", func() bool {
		return c.read(fresh, "/readyz?verbose") == "ready\ndegraded: shared cache\n" &&
			strings.Contains(c.read(fresh, "/metrics"), `profilectl_degraded{part="shared cache"} 1`)
	})
	c.redis.Start()
	c.await("Redis is still reported as unavailable", func() bool {
		return c.read(fresh, "/readyz?verbose") == "ready\n"
	})
}

func TestReplicasShareTheRateLimitOfAUser(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	one, two := c.start("one", "4"), c.start("two", "4")
	var got []int
	for i := range 6 {
		got = append(got, c.edit([]*replica{one, two}[i%2]))
	}
	if fmt.Sprint(got) != "[204 204 204 204 429 429]" {
		t.Errorf("got %v", got)
	}
	c.redis.Kill()
	if status := c.edit(one); status != http.StatusNoContent {
		t.Errorf("without Redis: got %d", status)
	}
}

// TestReplicasContinueWithAnEmptiedCache runs the command of the runbook.
func TestReplicasContinueWithAnEmptiedCache(t *testing.T) {
	t.Parallel()
	_, line, ok := strings.Cut(readGuide(t, "how-to/runbook.md"), "```sh\nredis-cli ")
	line, _, _ = strings.Cut(line, "\n")
	if !ok {
		t.Fatal("the runbook does not empty the cache")
	}
	c := newCluster(t)
	one, two := c.start("one", "60"), c.start("two", "60")
	redis := func(line string) string {
		t.Helper()
		process := exec.Command("sh", "-c", "redis-cli "+line)
		process.Env = append(os.Environ(), "REDIS=redis://"+c.redis.Address+"/0")
		out, err := process.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	const size = `-u "$REDIS" dbsize`
	if status := c.edit(one); status != http.StatusNoContent || redis(size) == "0" {
		t.Fatalf("got %d, %s entries", status, redis(size))
	}
	redis(line)
	if left := redis(size); left != "0" {
		t.Errorf("%s entries are left", left)
	}
	for _, r := range []*replica{one, two} {
		if status := c.edit(r); status != http.StatusNoContent {
			t.Errorf("got %d", status)
		}
	}
	if c.exchanges() != 2 {
		t.Errorf("got %d exchanges", c.exchanges())
	}
}
