package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/profilectl/profilectl/bench/internal/stub"
)

const startTimeout = 20 * time.Second

// startServe starts `profilectl serve` with settings, NAME=value, and returns its address.
func (t *tenant) startServe(dir, tool string, settings []string) (address string, stop func(), err error) {
	ready := filepath.Join(dir, "ready")
	_ = os.Remove(ready) // of the previous server
	c := exec.Command(tool, "serve")
	c.Env = append(os.Environ(), "PROFILECTL_READY_FILE="+ready)
	c.Stderr = os.Stderr
	for _, s := range append([]string{
		"AUTHORITY=" + t.Origin + "/" + stub.TenantID,
		"CLIENT_ID=" + stub.ClientID,
		"CLIENT_SECRET=secret",
		"GRAPH=" + t.Origin,
		"CA_FILE=" + t.CA,
		"RATE=0",
		"LISTEN=127.0.0.1:0",
		"ADMIN_LISTEN=127.0.0.1:0",
	}, settings...) {
		c.Env = append(c.Env, "PROFILECTL_SERVE_"+s)
	}
	if err := c.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = c.Process.Kill(); _ = c.Wait() }
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if raw, err := os.ReadFile(ready); err == nil && len(raw) > 0 {
			return strings.TrimSpace(string(raw)), stop, nil
		}
	}
	stop()
	return "", nil, errors.New("profilectl serve did not start")
}

// startRedis starts redis-server and returns the settings that make replicas use it.
func startRedis(dir string) (settings []string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	address := listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, err
	}
	_ = listener.Close() // redis-server takes its port
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	keyFile := filepath.Join(dir, "cache.key")
	if err := os.WriteFile(keyFile, []byte(base64.StdEncoding.EncodeToString(key[:])), 0o600); err != nil {
		return nil, nil, err
	}
	c := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir)
	if err := c.Start(); err != nil {
		return nil, nil, fmt.Errorf("start redis-server: %w", err)
	}
	stop = func() { _ = c.Process.Kill(); _ = c.Wait() }
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return []string{"CACHE=redis://" + address + "/0", "CACHE_KEY_FILE=" + keyFile}, stop, nil
		}
	}
	stop()
	return nil, nil, errors.New("redis-server did not start")
}
