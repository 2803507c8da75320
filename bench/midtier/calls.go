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

// calls notes what the first request to each address looks like: the names of
// its headers and of its form's fields. By this the floor is held to the calls
// that serve makes; with others it would be no floor.
type calls struct {
	sync.Map // of string, by address
}

// taking reads a request whole, notes it, and answers: what is sent does not matter
// otherwise.
func (c *calls) taking(answer func(http.ResponseWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := c.note(r)
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w)
	}
}

// note looks at a request, and leaves its body readable.
func (c *calls) note(r *http.Request) error {
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

// tell writes all that was noted, and forgets it.
func (c *calls) tell(w http.ResponseWriter, _ *http.Request) {
	all := map[string]string{}
	c.Range(func(address, names any) bool {
		all[fmt.Sprint(address)] = fmt.Sprint(names)
		return true
	})
	c.Clear()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // a client that has gone is no error
}

// calls asks the stub what it was sent since it was last asked.
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
	maps.DeleteFunc(all, func(address, _ string) bool { return strings.HasPrefix(address, http.MethodGet) }) // discovery, once
	return all, nil
}
