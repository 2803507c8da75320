package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/profilectl/profilectl/bench/internal/stub"
	"github.com/profilectl/profilectl/internal/upstream"
)

// floor is the least that a mid-tier can do: the upstream calls that serve makes,
// header for header, with the same client. The measurement fails if the calls
// differ (calls.go).
type floor struct {
	client *http.Client
	api    string
	known  *sync.Map // Graph tokens by assertion; nil if every request is from a new user
}

// runFloor serves the floor. With twoCalls, it exchanges the token of every request.
func runFloor(dir string, twoCalls bool) error {
	f, err := awaitStub(filepath.Join(dir, "stub.json"))
	if err != nil {
		return err
	}
	client, err := upstream.New(upstream.Config{CAFile: f.CA, UserAgent: "profilectl/(devel)"})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := "http://" + listener.Addr().String()
	if err := os.WriteFile(filepath.Join(dir, "ready"), []byte(address), 0o600); err != nil {
		return err
	}
	fl := &floor{client: client, api: f.API}
	if !twoCalls {
		fl.known = &sync.Map{}
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: fl}
	return server.Serve(listener)
}

// ServeHTTP makes the calls and nothing else.
func (f *floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := upstream.WithCorrelationID(r.Context(), rand.Text())
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = f.update(ctx, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), string(body))
	}
	if err != nil {
		http.Error(w, fmt.Sprint(err), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *floor) update(ctx context.Context, assertion, body string) error {
	token, err := f.token(ctx, assertion)
	if err != nil {
		return err
	}
	res, err := f.call(ctx, http.MethodPatch, f.api+"/v1.0/me", body, http.Header{
		"Content-Type":  {"application/json"},
		"Accept":        {"application/json"},
		"Authorization": {"Bearer " + token},
	})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

func (f *floor) token(ctx context.Context, assertion string) (string, error) {
	if f.known != nil {
		if token, ok := f.known.Load(assertion); ok {
			text, _ := token.(string)
			return text, nil
		}
	}
	form := url.Values{
		"client_id":           {stub.ClientID},
		"client_secret":       {"secret"},
		"client_info":         {"1"},
		"grant_type":          {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"requested_token_use": {"on_behalf_of"},
		"scope":               {"https://graph.microsoft.com/User.ReadWrite openid offline_access profile"},
		"assertion":           {assertion},
	}
	address := f.api + "/" + stub.TenantID + "/oauth2/v2.0/token"
	res, err := f.call(ctx, http.MethodPost, address, form.Encode(), http.Header{
		"Content-Type":             {"application/x-www-form-urlencoded; charset=utf-8"},
		"X-Client-Sku":             {"MSAL.Go"},
		"X-Client-Os":              {runtime.GOOS},
		"X-Client-Cpu":             {runtime.GOARCH},
		"X-Client-Ver":             {"1.10.1"},
		"Return-Client-Request-Id": {"false"},
	})
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var response struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&response); err != nil {
		return "", err
	}
	if f.known != nil {
		f.known.Store(assertion, response.Token)
	}
	return response.Token, nil
}

func (f *floor) call(ctx context.Context, method, address, body string, h http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = h
	return f.client.Do(req)
}
