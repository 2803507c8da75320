package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/profilectl/profilectl/internal/upstream"
)

// calls records what the first request to each address looks like: the names of
// its headers and form fields. The measurement compares the calls of the floor
// with those of serve, which must be the same.
type calls struct {
	sync.Map // of string, by address
}

// recording returns a handler that records a request, reads it to its end and
// responds with respond.
func (c *calls) recording(respond func(http.ResponseWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := c.record(r)
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		respond(w)
	}
}

// record records a request and leaves its body readable.
func (c *calls) record(r *http.Request) error {
	address := r.Method + " " + r.URL.Path
	if _, known := c.Load(address); known {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	names := slices.Sorted(maps.Keys(r.Header))
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return err
		}
		names = append(names, slices.Sorted(maps.Keys(form))...)
	}
	c.Store(address, strings.Join(names, " "))
	return nil
}

// serve responds with all records and deletes them.
func (c *calls) serve(w http.ResponseWriter, _ *http.Request) {
	all := map[string]string{}
	c.Range(func(address, names any) bool {
		all[fmt.Sprint(address)] = fmt.Sprint(names)
		return true
	})
	c.Clear()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // the client may be gone
}

// calls returns the calls that the stub has recorded since the last time.
func (t *tenant) calls() (map[string]string, error) {
	client, err := upstream.New(upstream.Config{CAFile: t.CA})
	if err != nil {
		return nil, err
	}
	res, err := client.Get(t.API + "/calls")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	all := map[string]string{}
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		return nil, err
	}
	maps.DeleteFunc(all, func(address, _ string) bool {
		return strings.HasPrefix(address, http.MethodGet) // discovery, which happens only once
	})
	return all, nil
}
