package loopback_test

import (
	"testing"

	"github.com/profilectl/profilectl/internal/loopback"
)

func TestIsHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost":              true,
		"LOCALHOST":              true,
		"127.0.0.1":              true,
		"127.0.0.2":              true,
		"::1":                    true,
		"[::1]":                  true,
		"::ffff:127.0.0.1":       true,
		"":                       false,
		"127.1":                  false,
		"2130706433":             false,
		"0.0.0.0":                false,
		"::":                     false,
		"192.168.0.1":            false,
		"localhost.":             false,
		"localhost:8080":         false,
		"localhost.evil.example": false,
		"127.evil.example":       false,
		"127.0.0.1.evil.example": false,
		"[localhost]":            false,
	} {
		if got := loopback.IsHost(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
}
