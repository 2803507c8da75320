package serve_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
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
	address string
	stop    func()
	ended   chan error
}

func run(t *testing.T, w *world) *running {
	t.Helper()
	var listeners [2]net.Listener
	for i := range listeners {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners[i] = l
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &running{world: w, address: listeners[0].Addr().String(), stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- w.server.Run(ctx, listeners[0], listeners[1]) }()
	t.Cleanup(stop)
	return r
}

// edit sends the how-to's request over the network.
func (r *running) edit(ctx context.Context, client *http.Client) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.address+"/updateUserInfo", strings.NewReader(howTo))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+r.strong)
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

func TestAStopUnderLoadFailsNoRequestThatWasAccepted(t *testing.T) {
	r := run(t, newWorld(t, "", func(c *serve.Config) { c.DrainDelay = 200 * time.Millisecond }))
	const clients, before = 32, 200
	var done, failed atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			for {
				reused := false
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
				status, err := r.edit(ctx, client)
				switch {
				case err != nil && !reused:
					return // a connection that nobody accepted: the server's own count, below, would tell
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
	want := fmt.Sprintf(`profilectl_requests_total{outcome="done",route="POST /updateUserInfo",status="204"} %d`+"\n", done.Load())
	if text := r.admin("/metrics"); !strings.Contains(text, want) || strings.Count(text, "\nprofilectl_requests_total{") != 1 {
		t.Errorf("the clients know of %d requests that were done; the server says otherwise", done.Load())
	}
	t.Logf("%d requests, %d of them after the stop, %d failed", done.Load(), done.Load()-before, failed.Load())
}

func TestSlowSendersAreCutOffAndHoldNobodyUp(t *testing.T) {
	t.Parallel()
	r := run(t, newWorld(t, ""))
	const senders = 300
	head := "POST /updateUserInfo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
	for _, c := range []struct {
		name, first, then string
		limit             time.Duration
		last              string // of what the sender gets
	}{
		{"headers that trickle", head, "X-Filler: a\r\n", 8 * time.Second, ""},
		{"a body that trickles", head + "Authorization: Bearer " + r.strong + "\r\n\r\n", "{", 13 * time.Second, "408 Request Timeout"},
		{"a body that trickles, without a token", head + "\r\n", "{", 13 * time.Second, "401 Unauthorized"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var all sync.WaitGroup
			for i := range senders {
				all.Go(func() {
					conn, err := net.Dial("tcp", r.address)
					if err != nil {
						t.Error(err)
						return
					}
					defer conn.Close()
					_, _ = io.WriteString(conn, c.first)
					ended := make(chan string, 1)
					go func() {
						answer, _ := io.ReadAll(conn)
						ended <- string(answer)
					}()
					for limit := time.After(c.limit); ; {
						select {
						case answer := <-ended:
							if i == 0 && !strings.Contains(answer, c.last) {
								t.Errorf("the sender got %q", answer)
							}
							return
						case <-limit:
							t.Error("a slow sender is still being listened to")
							return
						case <-time.After(500 * time.Millisecond):
							_, _ = io.WriteString(conn, c.then)
						}
					}
				})
			}
			begun := time.Now()
			if status, err := r.edit(t.Context(), http.DefaultClient); status != http.StatusNoContent || err != nil {
				t.Errorf("meanwhile: %d, %v", status, err)
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("meanwhile a request took %v", took)
			}
			all.Wait()
		})
	}
}
