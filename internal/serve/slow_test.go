package serve_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestServerCutsOffSlowSenders occupies the service with connections that it must close,
// and edits a profile meanwhile: the edit must not wait until the last of them is closed.
func TestServerCutsOffSlowSenders(t *testing.T) {
	t.Parallel()
	r := run(t, newWorld(t))
	const senders = 300 // of each kind
	const head = "POST /updateUserInfo HTTP/1.1\r\nHost: x\r\n" +
		"Content-Type: application/json\r\nContent-Length: 1000\r\n"
	authorization := "Authorization: Bearer " + r.strong + "\r\n"
	var all sync.WaitGroup
	var closed atomic.Int32
	for _, s := range []slowSender{
		{"a slow header", head, "X-Filler: a\r\n", ""},
		{"a slow body", head + authorization + "\r\n", "{", "408 Request Timeout"},
		{"a slow body without a token", head + "\r\n", "{", "401 Unauthorized"},
	} {
		for range senders {
			all.Go(func() {
				if response, err := s.send(r.public); err != nil || !strings.Contains(response, s.response) {
					t.Errorf("%s: got %q, %v", s.name, response, err)
				}
				closed.Add(1)
			})
		}
	}
	if status, err := r.edit(t.Context(), http.DefaultClient); status != http.StatusNoContent || err != nil {
		t.Errorf("meanwhile: %d, %v", status, err)
	}
	if closed.Load() == 3*senders {
		t.Error("the edit waited for the slow senders")
	}
	all.Wait()
}

// slowSender sends a request slowly, to occupy the service.
type slowSender struct {
	name, first, then string
	response          string // a part of what the service sends before it closes the connection
}

// slowSenderLimit is within which the service must close a connection: far more than its
// timeouts, for machines under load.
const slowSenderLimit = time.Minute

// send sends until the connection is closed, and returns the response.
func (s slowSender) send(address string) (string, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, s.first)
	ended := make(chan string, 1)
	go func() {
		response, _ := io.ReadAll(conn) // until the other side closes the connection
		ended <- string(response)
	}()
	for limit := time.After(slowSenderLimit); ; {
		select {
		case response := <-ended:
			return response, nil
		case <-limit:
			return "", errors.New("the connection is still open")
		case <-time.After(500 * time.Millisecond):
			_, _ = io.WriteString(conn, s.then)
		}
	}
}
