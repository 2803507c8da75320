package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answers is a tenant that sends the next of its statuses; 0 breaks the connection.
type answers []int

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	status := (*a)[0]
	*a = (*a)[1:]
	if status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("own")), Request: req}, nil
}

func TestPollsContinueAfterShortFailures(t *testing.T) {
	const pending, own, broken = "pending", "own", "broken"
	send := func(ctx context.Context, p *polls, path string) string {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://t.example"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := p.RoundTrip(req)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return broken
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "authorization_pending") && res.StatusCode == http.StatusBadRequest {
			return pending
		}
		return string(body)
	}
	for name, c := range map[string]struct {
		statuses answers
		path     string
		want     []string
	}{
		"one breaks":            {answers{0, 400, 200}, "/token", []string{pending, own, own}},
		"the tenant is away":    {answers{503, 429, 200}, "/token", []string{pending, pending, own}},
		"a rejection":           {answers{400, 403}, "/token", []string{own, own}},
		"the code is requested": {answers{0, 503}, "/devicecode", []string{broken, own}},
		"the network is gone": {
			answers{0, 0, 0, 0, 0, 0}, "/token",
			[]string{pending, pending, pending, pending, pending, broken},
		},
		"again and again": {
			answers{0, 0, 0, 0, 400, 0, 0}, "/token",
			[]string{pending, pending, pending, pending, own, pending, pending},
		},
	} {
		p := &polls{next: &c.statuses}
		for i, want := range c.want {
			if got := send(t.Context(), p, c.path); got != want {
				t.Errorf("%s: response %d: got %s, want %s", name, i, got, want)
			}
		}
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if got := send(canceled, &polls{next: &answers{0}}, "/token"); got != broken {
		t.Errorf("a canceled poll: got %s", got)
	}
}
