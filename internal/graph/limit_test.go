package graph_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
)

// maxCost is what one response may cost in bytes of memory.
const maxCost = 2 << 20

// allocated returns the number of bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// excessive returns bodies that no profile has.
func excessive() map[string]string {
	const levels = 9000 // package encoding/json accepts 10,000
	return map[string]string{
		"nested arrays":  `{"city":` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + `}`,
		"nested objects": strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels),
		"a long value":   `{"city":"` + strings.Repeat("x", 4<<20) + `"}`,
		"many members":   `{` + strings.Repeat(`"city":"x",`, 400_000) + `"city":"y"}`,
		"nested errors": `{"error":` + strings.Repeat(`{"innerError":`, levels) + "null" +
			strings.Repeat("}", levels+1),
	}
}

func TestMeBoundsTheCostOfAResponse(t *testing.T) {
	for name, body := range excessive() {
		client := graph.Client{HTTP: &http.Client{Transport: respond{status: http.StatusOK, body: body}}}
		var err error
		cost := allocated(func() { _, err = client.Me(t.Context(), "secret") })
		if f := fault.As(err); err == nil || f.Kind != fault.Unavailable || cost > maxCost {
			t.Errorf("%s: got %v for %d bytes", name, err, cost)
		}
	}
}

func TestUpdateBoundsTheCostOfARefusal(t *testing.T) {
	for name, body := range excessive() {
		client := graph.Client{HTTP: &http.Client{Transport: respond{status: http.StatusBadRequest, body: body}}}
		var err error
		cost := allocated(func() { _, err = client.Update(t.Context(), "secret", profile.Change{}) })
		if f := fault.As(err); f.Kind != fault.Invalid || cost > maxCost {
			t.Errorf("%s: got %v for %d bytes", name, err, cost)
		}
	}
}

func TestMeAcceptsBracketsInValues(t *testing.T) {
	const body = `{"city":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"{{{"}`
	client := graph.Client{HTTP: &http.Client{Transport: respond{status: http.StatusOK, body: body}}}
	if _, err := client.Me(t.Context(), "secret"); err != nil {
		t.Error(err)
	}
}

func BenchmarkMeWithANestedResponse(b *testing.B) {
	body := excessive()["nested arrays"]
	client := graph.Client{HTTP: &http.Client{Transport: respond{status: http.StatusOK, body: body}}}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = client.Me(b.Context(), "secret")
	}
}
