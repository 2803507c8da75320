package auth

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxResponse = 64 << 10         // bytes of the browser's form; a code has about 1.5 KB
	linger      = 2 * time.Second  // for the browser to load the final page
	readLimit   = 10 * time.Second // for one request to arrive
	// maxHeader allows for all cookies of localhost, which its programs share: browsers
	// keep up to 180 of 4 KB for a host.
	maxHeader = 1 << 20
)

// response is what the identity provider sent through the browser.
type response struct {
	code        string
	oauthError  string
	description string
	issuer      string
}

// listener serves the loopback redirect URI until one response of the identity
// provider has arrived (RFC 8252, 7.3).
//
// Every process of this machine, and every web page in its browser, can send
// requests to it. Only a top-level POST with the right state counts. All other
// requests get an error page and are ignored, so that they cannot end the sign-in.
// The browser's request stays open until the outcome is known, so that the page
// shows what really happened.
type listener struct {
	port      int
	state     string
	log       *slog.Logger
	server    *http.Server
	taken     atomic.Bool // set when a response has been accepted
	https     atomic.Bool // set when a client has spoken TLS
	responses chan response
	outcome   chan page     // the final page for the browser
	shown     chan struct{} // closed when the final page has been sent
}

// listen starts a listener on 127.0.0.1 and [::1]; port 0 picks a free port. Both
// sockets are bound before any URL is created: if another process held one of
// them, it would receive the code, because browsers try ::1 first.
//
// onHTTPS is called once if a client speaks TLS to the listener.
func listen(ctx context.Context, port int, state string, log *slog.Logger, onHTTPS func()) (*listener, error) {
	sockets, opened, err := bind(ctx, port)
	if err != nil {
		return nil, err
	}
	l := &listener{
		port:      opened,
		state:     state,
		log:       log,
		responses: make(chan response, 1),
		outcome:   make(chan page, 1),
		shown:     make(chan struct{}),
	}
	l.server = &http.Server{
		Handler:           l,
		ReadHeaderTimeout: readLimit / 2,
		ReadTimeout:       readLimit,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	l.server.SetKeepAlivesEnabled(false)
	var once sync.Once
	noteHTTPS := func() {
		l.https.Store(true)
		onHTTPS()
	}
	for _, socket := range sockets {
		go l.serve(watched{Listener: socket, once: &once, https: noteHTTPS})
	}
	return l, nil
}

func (l *listener) serve(socket net.Listener) {
	if err := l.server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
		l.log.Debug("stop listening", "error", err)
	}
}

// redirectURI returns the only form that Entra lets a public client register for
// all ports ("Redirect URI best practices": the port of http://localhost is
// ignored).
func (l *listener) redirectURI() string { return "http://localhost:" + strconv.Itoa(l.port) }

// finish shows the final page in the browser and closes the listener. It waits
// until the page has been sent, but not for idle connections of the browser.
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

// ServeHTTP accepts the first valid response and shows the outcome of the sign-in.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, reason := l.screen(r)
	shown := unexpectedPage()
	if status == 0 {
		status, reason = l.readForm(w, r)
	}
	if status == 0 && l.taken.Swap(true) { // for example after a double click on the page of the tenant
		status, reason, shown = http.StatusConflict, "a response has arrived already", repeatedPage()
	}
	if status != 0 {
		l.log.Debug("ignore a request on the redirect URI", "method", r.Method, "reason", reason)
		shown.write(w, status)
		return
	}
	defer close(l.shown)
	l.responses <- response{
		code:        r.PostForm.Get("code"),
		oauthError:  r.PostForm.Get("error"),
		description: r.PostForm.Get("error_description"),
		issuer:      r.PostForm.Get("iss"),
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
