package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// answersCommand starts a server that answers every request with the same status,
// media type and body, and puts its address into a variable. It stands for what
// answers in an API's place: a captive portal, a proxy, another program.
func answersCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: answers VARIABLE STATUS TYPE BODY")
	}
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", args[2])
		w.WriteHeader(status)
		_, _ = io.WriteString(w, args[3])
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}
