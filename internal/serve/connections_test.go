package serve_test

import (
	"context"
	"errors"
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
	const senders = 300 // of each kind
	head := "POST /updateUserInfo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
	var all sync.WaitGroup
	for _, s := range []sender{
		{"headers that trickle", head, "X-Filler: a\r\n", 8 * time.Second, ""},
		{"a body that trickles", head + "Authorization: Bearer " + r.strong + "\r\n\r\n", "{", 13 * time.Second, "408 Request Timeout"},
		{"a body that trickles, without a token", head + "\r\n", "{", 13 * time.Second, "401 Unauthorized"},
	} {
		for range senders {
			all.Go(func() {
				if answer, err := s.send(r.address); err != nil || !strings.Contains(answer, s.answer) {
					t.Errorf("%s: got %q, %v", s.name, answer, err)
				}
			})
		}
	}
	begun := time.Now()
	if status, err := r.edit(t.Context(), http.DefaultClient); status != http.StatusNoContent || err != nil {
		t.Errorf("meanwhile: %d, %v", status, err)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("meanwhile a request took %v", took)
	}
	all.Wait()
}

// sender is somebody who sends slowly, to hold the service up.
type sender struct {
	name, first, then string
	limit             time.Duration // by when it must be cut off
	answer            string        // what it is told
}

// send goes on until it is cut off, and returns what it was told.
func (s sender) send(address string) (string, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, s.first)
	ended := make(chan string, 1)
	go func() {
		answer, _ := io.ReadAll(conn) // ends when the other side ends it
		ended <- string(answer)
	}()
	for limit := time.After(s.limit); ; {
		select {
		case answer := <-ended:
			return answer, nil
		case <-limit:
			return "", errors.New("it is still being listened to")
		case <-time.After(500 * time.Millisecond):
			_, _ = io.WriteString(conn, s.then)
		}
	}
}
