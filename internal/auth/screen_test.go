package auth

import "testing"

func TestListenerRecognizesItsOwnAddress(t *testing.T) {
	for _, c := range []struct {
		name string
		port int
		host string
		own  bool
	}{
		{"the redirect URI", 8400, "localhost:8400", true},
		{"an address instead of the name", 8400, "[::1]:8400", true},
		{"another port", 8400, "localhost:8401", false},
		{"no port", 8400, "localhost", false},
		{"no port on port 80", 80, "localhost", true},
		{"an IPv6 address without a port on port 80", 80, "[::1]", true},
		{"port 80 in full", 80, "localhost:80", true},
		{"another host on port 80", 80, "evil.example", false},
		{"nothing", 80, "", false},
	} {
		if got := (&listener{port: c.port}).isOwn(c.host); got != c.own {
			t.Errorf("%s: got %v, want %v", c.name, got, c.own)
		}
	}
}
