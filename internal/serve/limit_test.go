package serve_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
)

// excessive returns requests that cost more to send than any client needs. Each body
// has the largest size that is read.
func excessive() map[string]func(*http.Request) {
	const size = 64 << 10
	body := func(text string) func(*http.Request) {
		return func(r *http.Request) { *r = *withBody(r, text) }
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	var members strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&members, `"f%d":1,`, i)
	}
	return map[string]func(*http.Request){
		"a long field name":    body(`{"` + strings.Repeat("x", size-20) + `":"x"}`),
		"a long wide name":     body(`{"` + strings.Repeat("é", size/2-20) + `":"x"}`),
		"a long value":         body(`{"city":"` + strings.Repeat("x", size-20) + `"}`),
		"escapes":              body(`{"city":"` + strings.Repeat(`\u00e9`, size/6-20) + `"}`),
		"many members":         body("{" + members.String() + `"z":1}`),
		"a repeated member":    body("{" + strings.Repeat(`"city":"x",`, size/11-20) + `"city":"y"}`),
		"nested arrays":        body(`{"city":` + strings.Repeat("[", size-20)),
		"a body over the size": body(strings.Repeat(" ", 4*size)),
		"a long token":         header("Authorization", "Bearer "+strings.Repeat("a.", size/2)),
		"many authorizations": func(r *http.Request) {
			r.Header["Authorization"] = strings.Split(strings.Repeat("Bearer x,", size/9), ",")
		},
		"a long media type":     header("Content-Type", "a/b;"+strings.Repeat("c=d;", size/4)),
		"a long trace":          header("Traceparent", strings.Repeat("0", size)),
		"a long correlation id": header("Client-Request-Id", strings.Repeat(`a="{`, size/4)),
		"a long query":          func(r *http.Request) { r.URL.RawQuery = strings.Repeat("a&", size/2) },
	}
}

// withBody returns the request with another body.
func withBody(r *http.Request, text string) *http.Request {
	changed := httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(text))
	changed.Header = r.Header
	return changed
}

func TestUpdateBoundsTheCostOfARequest(t *testing.T) {
	const maxCost = 2 << 20         // bytes
	const maxTime = 2 * time.Second // a thousand times what they take
	w := newWorld(t, func(s *serve.Settings) { s.Rate = 0 })
	w.post(howTo, w.strong) // the exchange is not what is measured
	for name, change := range excessive() {
		req := httptest.NewRequest(http.MethodPost, "/updateUserInfo", strings.NewReader(howTo))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+w.strong)
		change(req)
		res := httptest.NewRecorder()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		w.handler.ServeHTTP(res, req)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		cost := after.TotalAlloc - before.TotalAlloc
		if cost > maxCost || res.Body.Len() > 4096 {
			t.Errorf("%s: status %d with %d bytes cost %d bytes", name, res.Code, res.Body.Len(), cost)
		}
		if took > maxTime {
			t.Errorf("%s: status %d after %v", name, res.Code, took)
		}
	}
}
