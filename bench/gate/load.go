package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/profilectl/profilectl/bench/internal/rounds"
)

// scenario is what is measured.
type scenario struct {
	name     string
	load     float64 // offered requests, as a multiple of the limit
	settings []string
	replicas int
	goals    bool // the goals apply
}

const (
	equalUsers = 30
	busiest    = 0 // the user who sends one of three requests
	cachedUser = 1000
	cached     = 4 // users with a cached exchange
	every      = 10 * time.Millisecond
	idlePart   = 4 // the measurement without load takes this part of the length
)

// measure starts the replicas and offers the load.
func (t *tenant) measure(s scenario, dir, tool string, length time.Duration) (figures, error) {
	var addresses []string
	for range s.replicas {
		address, stop, err := t.startServe(dir, tool, s.settings)
		if err != nil {
			return figures{}, err
		}
		defer stop()
		addresses = append(addresses, address+"/updateUserInfo")
	}
	count := int(s.load * limit * length.Seconds())
	tokens, err := t.tokens(count)
	if err != nil {
		return figures{}, err
	}
	known := make([]string, cached)
	for i := range known {
		if known[i], err = t.sign(cachedUser + i); err != nil {
			return figures{}, err
		}
		for _, address := range addresses {
			if status, err := send(address, known[i]); err != nil || status != http.StatusNoContent {
				return figures{}, fmt.Errorf("first request: status %d, %w", status, err)
			}
		}
	}
	time.Sleep(2 * time.Second) // the requests so far no longer count
	idle, err := cachedUsers(context.Background(), addresses, known, length/idlePart)
	if err != nil {
		return figures{}, err
	}
	return t.offer(s, addresses, known, tokens, length, idle)
}

// tokens returns one token for each request of a scenario.
func (t *tenant) tokens(count int) (all []request, err error) {
	others := 0
	for i := range count {
		r := request{user: busiest}
		if i%3 != 0 {
			r.user = 1 + others%equalUsers
			others++
		}
		if r.token, err = t.sign(r.user); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// request is a request of a user who needs an exchange.
type request struct {
	user  int
	token string
	// status and took are the result.
	status int
	took   time.Duration
}

// offer sends the requests at even intervals, whatever happens to those before.
func (t *tenant) offer(
	s scenario,
	addresses, known []string,
	requests []request,
	length time.Duration,
	idle []time.Duration,
) (figures, error) {
	accepted, refused := t.counts()
	var loaded []time.Duration
	var loadedErr error
	var group sync.WaitGroup
	group.Go(func() { loaded, loadedErr = cachedUsers(context.Background(), addresses, known, length) })
	start := time.Now()
	group.Go(func() {
		for i := range requests {
			time.Sleep(time.Until(start.Add(time.Duration(i) * length / time.Duration(len(requests)))))
			group.Go(func() { requests[i].send(addresses[i%len(addresses)]) })
		}
	})
	time.Sleep(time.Until(start.Add(length)))
	acceptedNow, _ := t.counts()
	group.Wait()
	if loadedErr != nil {
		return figures{}, loadedErr
	}
	acceptedAll, refusedAll := t.counts()
	f := figures{
		offered: float64(len(requests)) / length.Seconds(),
		served:  float64(acceptedNow-accepted) / length.Seconds(),
		refused: float64(refusedAll-refused) / float64(refusedAll-refused+acceptedAll-accepted),
		idle:    milliseconds(rounds.Percentile(idle, 99)),
		loaded:  milliseconds(rounds.Percentile(loaded, 99)),
	}
	f.count(requests)
	return f, nil
}

// count adds the results of the requests.
func (f *figures) count(requests []request) {
	served := map[int]int{}
	total := 0
	for _, r := range requests {
		switch r.status {
		case http.StatusNoContent:
			served[r.user]++
			total++
			f.longest = max(f.longest, r.took)
		case http.StatusTooManyRequests:
			f.rejected++
		}
	}
	f.rejected /= float64(len(requests))
	f.fewest, f.most = served[1], served[busiest]
	for user := 2; user <= equalUsers; user++ {
		f.fewest = min(f.fewest, served[user])
	}
	// Users who ask for less than an equal share get what they ask for.
	f.share = float64(total) / (equalUsers + 1)
	f.share = min(f.share, float64(len(requests))*2/3/equalUsers)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (r *request) send(address string) {
	start := time.Now()
	r.status, _ = send(address, r.token) // status 0 counts as neither
	r.took = time.Since(start)
}

// cachedUsers sends requests of users with a cached exchange for a time, and returns how
// long they took.
func cachedUsers(ctx context.Context, addresses, known []string, length time.Duration) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	took := make([][]time.Duration, len(known))
	failed := make(chan error, len(known))
	var group sync.WaitGroup
	for i, token := range known {
		group.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				start := time.Now()
				status, err := send(addresses[n%len(addresses)], token)
				if err != nil || status != http.StatusNoContent {
					failed <- fmt.Errorf("cached user: status %d, %w", status, err)
					return
				}
				took[i] = append(took[i], time.Since(start))
				time.Sleep(time.Until(start.Add(every)))
			}
		})
	}
	group.Wait()
	var all []time.Duration
	for _, t := range took {
		all = append(all, t...)
	}
	select {
	case err := <-failed:
		return nil, err
	default:
		return all, nil
	}
}

const body = `{"displayName":"Ada L.","givenName":"Ada","surname":"Lovelace"}`

// send sends a request and returns its status.
func send(address, token string) (int, error) {
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
