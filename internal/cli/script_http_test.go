package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// answersCommand starts a server that sends the same status, media type and body
// in every response, and sets a variable to its address. It stands for a captive
// portal, a proxy or another program at the address of an API.
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
