package serve_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
)

// running is a mid-tier that serves on loopback.
type running struct {
	*world
	public, admin string // addresses
	listeners     serve.Listeners
	stop          func()
	ended         chan error
}

func run(t *testing.T, w *world) *running {
	t.Helper()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := serve.Listeners{Public: []net.Listener{listen()}, Admin: []net.Listener{listen()}}
	ctx, stop := context.WithCancel(t.Context())
	r := &running{
		world:     w,
		public:    l.Public[0].Addr().String(),
		admin:     l.Admin[0].Addr().String(),
		listeners: l,
		stop:      stop,
		ended:     make(chan error, 1),
	}
	go func() { r.ended <- w.server.Run(ctx, l) }()
	t.Cleanup(stop)
	return r
}

// request returns the request of the how-to.
func (r *running) request(ctx context.Context, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.public+"/updateUserInfo", body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+r.strong)
	return req, nil
}

// edit sends the request of the how-to over the network and returns the status.
func (r *running) edit(ctx context.Context, client *http.Client) (int, error) {
	req, err := r.request(ctx, strings.NewReader(howTo))
	if err != nil {
		return 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// begin sends a request whose handler waits for the body until finish is called, which
// returns the status, or 0 if there was no response.
func (r *running) begin(t *testing.T) (finish func() int) {
	t.Helper()
	body, send := io.Pipe()
	continued := make(chan struct{}) // closed when the handler reads the body
	trace := &httptrace.ClientTrace{Got100Continue: func() { close(continued) }}
	req, err := r.request(httptrace.WithClientTrace(t.Context(), trace), body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Expect", "100-continue")
	status := make(chan int, 1)
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			status <- 0
			return
		}
		res.Body.Close()
		status <- res.StatusCode
	}()
	<-continued
	return func() int {
		_, _ = send.Write([]byte(howTo)) // fails if there is no one to read it
		_ = send.Close()
		return <-status
	}
}

func TestRunFinishesARequestInFlight(t *testing.T) {
	r := run(t, newWorld(t))
	res, err := http.Get("http://" + r.admin + "/readyz")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("readyz: %v, %v", res, err)
	}
	res.Body.Close()
	finish := r.begin(t)
	r.stop()
	if got := finish(); got != http.StatusNoContent {
		t.Errorf("the request in flight got %d", got)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// TestRunDrainsIfServingFailsDuringTheDelay closes a listener in the delay.
func TestRunDrainsIfServingFailsDuringTheDelay(t *testing.T) {
	r := run(t, newWorld(t, func(s *serve.Settings) { s.DrainDelay = time.Minute }))
	finish := r.begin(t)
	r.stop()
	for !strings.Contains(r.log.String(), `"msg":"stopping"`) {
		time.Sleep(time.Millisecond)
	}
	if err := r.listeners.Public[0].Close(); err != nil {
		t.Fatal(err)
	}
	if got := finish(); got != http.StatusNoContent {
		t.Errorf("the request in flight got %d", got)
	}
	if err := <-r.ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run: %v", err)
	}
	if conn, err := net.Dial("tcp", r.admin); err == nil {
		conn.Close()
		t.Error("the other listener is open")
	}
}

func TestRunAnswersAcceptedRequestsWhenStoppedUnderLoad(t *testing.T) {
	// Every client sends a request in the delay, also on a busy machine, and learns from the
	// response that its connection closes.
	const delay = 3 * time.Second
	r := run(t, newWorld(t, func(s *serve.Settings) { s.DrainDelay = delay }))
	const clients, before = 32, 200
	var done, failed atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			for {
				reused := false
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
					GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused },
				})
				status, err := r.edit(ctx, client)
				switch {
				case err != nil && !reused:
					return // the connection was not accepted; the server's own count is compared below
				case err != nil || status != http.StatusNoContent:
					t.Errorf("a request got %d, %v", status, err)
					failed.Add(1)
					return
				case done.Add(1) == before:
					r.stop()
				}
			}
		})
	}
	all.Wait()
	if err := <-r.ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	const series = `profilectl_requests_total{outcome="done",route="POST /updateUserInfo",status="204"}`
	text := r.world.admin("/metrics")
	if !strings.Contains(text, fmt.Sprintf("%s %d\n", series, done.Load())) ||
		len(regexp.MustCompile(`(?m)^profilectl_requests_total\{.*\} [1-9]`).FindAllString(text, -1)) != 1 {
		t.Errorf("the clients count %d successful requests; the server counts others", done.Load())
	}
	total := done.Load()
	t.Logf("%d requests, %d of them after the stop, %d failed", total, total-before, failed.Load())
}

func TestRunNotifiesSystemd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no systemd")
	}
	dir, err := os.MkdirTemp("", "sd") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "notify")
	systemd, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	r := run(t, newWorld(t, func(s *serve.Settings) { s.NotifySocket = socket }))
	receives := func(want string) {
		t.Helper()
		if err := systemd.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 100)
		if n, _, err := systemd.ReadFrom(text); err != nil || string(text[:n]) != want {
			t.Errorf("systemd received %q, %v", text[:n], err)
		}
	}
	receives("READY=1")
	r.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	receives("RELOADING=1")
	receives("READY=1")
	r.stop()
	receives("STOPPING=1")
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

func TestRunServesRequestsThatWaitForTheirTurnWhenStopped(t *testing.T) {
	r := run(t, newWorld(t, paced(1000)))
	r.throttle(2)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if status, err := r.edit(t.Context(), http.DefaultClient); err != nil || status != http.StatusNoContent {
			t.Errorf("got %d, %v", status, err)
		}
	}()
	r.awaitQueue(t, 1)
	r.stop()
	<-done
	if err := <-r.ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
