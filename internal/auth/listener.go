package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/loopback"
)

const (
	maxAnswer = 64 << 10         // bytes of the browser's form; a code has about 1.5 KB
	linger    = 2 * time.Second  // for the browser to take the final page
	portTries = 10               // random ports to try until both families are free
	readLimit = 10 * time.Second // for one request to arrive
)

// answer is what the identity provider sent through the browser.
type answer struct {
	code        string
	oauthError  string
	description string
	issuer      string
}

// listener waits on the loopback redirect URI for one answer (RFC 8252, 7.3).
//
// Anybody on this machine, and any web page in its browser, can send requests
// to it; only a top-level POST that carries the right state counts, and
// everything else is answered and ignored, so that no stranger can end the
// sign-in. The browser's request is held until the outcome is known: the page
// tells the truth.
type listener struct {
	port    int
	state   string
	log     *slog.Logger
	server  *http.Server
	taken   atomic.Bool
	answers chan answer
	outcome chan page     // what the browser is to be shown
	shown   chan struct{} // closed once it has been sent
}

// listen opens 127.0.0.1 and [::1] on one port, before any URL is built: a
// squatter on the other family would otherwise be sent the code, because
// browsers try ::1 first. Port 0 picks a free one.
func listen(ctx context.Context, port int, state string, log *slog.Logger) (*listener, error) {
	sockets, err := bind(ctx, port)
	if err != nil {
		return nil, err
	}
	l := &listener{
		port: sockets[0].Addr().(*net.TCPAddr).Port, state: state, log: log,
		answers: make(chan answer, 1), outcome: make(chan page, 1), shown: make(chan struct{}),
	}
	l.server = &http.Server{
		Handler:           l,
		ReadHeaderTimeout: readLimit / 2,
		ReadTimeout:       readLimit,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	l.server.SetKeepAlivesEnabled(false)
	for _, socket := range sockets {
		go func() {
			if err := l.server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
				log.Debug("stop listening", "error", err)
			}
		}()
	}
	return l, nil
}

// bind opens both sockets. A machine without IPv6 gets IPv4 alone.
func bind(ctx context.Context, port int) ([]net.Listener, error) {
	config := net.ListenConfig{Control: exclusive}
	for try := 0; ; try++ {
		v4, err := config.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, busy(port, err)
		}
		chosen := v4.Addr().(*net.TCPAddr).Port
		v6, err := config.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(chosen)))
		switch {
		case err == nil:
			return []net.Listener{v4, v6}, nil
		case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
			return []net.Listener{v4}, nil
		}
		if closeErr := v4.Close(); closeErr != nil {
			err = errors.Join(err, closeErr)
		}
		if port != 0 || try == portTries {
			return nil, busy(chosen, err)
		}
	}
}

func busy(port int, err error) error {
	f := &fault.Error{
		Kind: fault.Unavailable, What: fmt.Sprintf("port %d on this machine is taken, so the browser could not come back to profilectl", port),
		Fix: "stop the other program, or choose another port with --redirect-port", Err: err,
	}
	if errors.Is(err, syscall.EACCES) {
		f.Kind, f.What = fault.Usage, fmt.Sprintf("port %d may not be opened by this user", port)
		f.Fix = "choose a port above 1023 with --redirect-port"
	}
	return f
}

// redirectURI is the one form that Entra lets a public client register for any
// port ("Redirect URI best practices": the port of http://localhost is ignored).
func (l *listener) redirectURI() string { return "http://localhost:" + strconv.Itoa(l.port) }

// finish shows the browser how it ended and stops listening. It waits for the
// page to be taken, but not for idle connections that browsers keep open.
func (l *listener) finish(p page) {
	if l.taken.Load() {
		l.outcome <- p
		select {
		case <-l.shown:
		case <-time.After(linger):
		}
	}
	if err := l.server.Close(); err != nil {
		l.log.Debug("close listener", "error", err)
	}
}

// ServeHTTP answers one request.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, reason := l.screen(r)
	if status == 0 {
		status, reason = l.readForm(w, r)
	}
	if status == 0 && l.taken.Swap(true) {
		status, reason = http.StatusConflict, "an answer has arrived already"
	}
	if status != 0 {
		l.log.Debug("ignore a request on the redirect URI", "method", r.Method, "reason", reason)
		nothing().write(w, status)
		return
	}
	defer close(l.shown)
	l.answers <- answer{
		code: r.PostForm.Get("code"), issuer: r.PostForm.Get("iss"),
		oauthError: r.PostForm.Get("error"), description: r.PostForm.Get("error_description"),
	}
	select {
	case p := <-l.outcome:
		p.write(w, http.StatusOK)
		if err := http.NewResponseController(w).Flush(); err != nil {
			l.log.Debug("show the outcome", "error", err)
		}
	case <-r.Context().Done(): // the tab was closed; the sign-in goes on without it
	}
}

// screen turns away what cannot be the identity provider's answer, before any
// of its body is read. The Host is checked against DNS rebinding, Sec-Fetch
// against pages that send requests on their own; Origin is "null" or foreign
// in every honest case and says nothing.
func (l *listener) screen(r *http.Request) (status int, reason string) {
	host, port, err := net.SplitHostPort(r.Host)
	media, _, mediaErr := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil || !loopback.IsHost(host) || port != strconv.Itoa(l.port):
		return http.StatusMisdirectedRequest, "another host is meant"
	case r.URL.Path != "/":
		return http.StatusNotFound, "no such page"
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "not a POST"
	case mediaErr != nil || media != "application/x-www-form-urlencoded":
		return http.StatusUnsupportedMediaType, "not a form"
	case !oneOf(r.Header.Get("Sec-Fetch-Mode"), "", "navigate"), !oneOf(r.Header.Get("Sec-Fetch-Dest"), "", "document"):
		return http.StatusForbidden, "not a navigation"
	}
	return 0, ""
}

// readForm reads the answer and checks the state first, for errors too: an
// answer without it is a stranger's, whatever it says.
func (l *listener) readForm(w http.ResponseWriter, r *http.Request) (status int, reason string) {
	r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
	if err := r.ParseForm(); err != nil {
		return http.StatusBadRequest, "the form cannot be read"
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("state")), []byte(l.state)) != 1 {
		return http.StatusForbidden, "the state is not ours"
	}
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(r.PostForm[name]) > 1 {
			return http.StatusBadRequest, "a parameter is given twice"
		}
	}
	if (r.PostForm.Get("code") == "") == (r.PostForm.Get("error") == "") {
		return http.StatusBadRequest, "neither a code nor an error"
	}
	return 0, ""
}

func oneOf(value string, allowed ...string) bool {
	return slices.Contains(allowed, value)
}

// addParams returns the page's address with more parameters.
func addParams(address string, more url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("read authorize URL: %w", err)
	}
	q := u.Query()
	maps.Copy(q, more)
	u.RawQuery = q.Encode()
	return u.String(), nil
}
