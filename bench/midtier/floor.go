package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/upstream"
)

// floor is the least that a mid-tier can do: the calls upstream, with the same
// client.
func floor(dir string, two bool) error {
	f, err := readFacts(filepath.Join(dir, "stub.json"))
	if err != nil {
		return err
	}
	client, err := upstream.New(upstream.Config{CAFile: f.CA})
	if err != nil {
		return err
	}
	call := func(r *http.Request, method, address, kind, body string) error {
		req, err := http.NewRequestWithContext(r.Context(), method, address, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Authorization", "Bearer "+graphToken)
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "ready"), []byte("http://"+listener.Addr().String()), 0o600); err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && two {
			form := url.Values{
				"client_id": {clientID}, "client_secret": {"secret"}, "grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "requested_token_use": {"on_behalf_of"},
				"scope": {"https://graph.microsoft.com/User.ReadWrite"}, "assertion": {strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")},
			}
			err = call(r, http.MethodPost, f.API+"/"+tenantID+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", form.Encode())
		}
		if err == nil {
			err = call(r, http.MethodPatch, f.API+"/v1.0/me", "application/json", string(bytes.TrimSpace(body)))
		}
		if err != nil {
			http.Error(w, fmt.Sprint(err), http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})}
	return server.Serve(listener)
}

var graphToken = strings.Repeat("g", 2000)
