package pace

import (
	"net/http"
	"time"

	"github.com/profilectl/profilectl/internal/upstream"
)

const (
	// minPause is the pause if the tenant names none. Its limit is one for a second. The
	// pause doubles each time that the tenant throttles again right after it.
	minPause   = time.Second
	maxDoubled = 5 // times
	// maxPause limits what the tenant names. After it, one request is sent to try.
	maxPause = 5 * time.Minute
)

// throttle is the state of a tenant that rejects requests with status 429.
type throttle struct {
	until time.Time // no request is sent before
	times int       // in a row that the tenant throttled and named no pause
}

// throttled pauses all requests because the tenant rejected one that was sent at a time.
// It returns when the pause ends.
func (p *Pacer) throttled(sent time.Time, header http.Header) (until time.Time) {
	if p.config.Events.Throttled != nil {
		p.config.Events.Throttled()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	again := !sent.Before(p.throttle.until) // and not one of those in flight when the pause began
	pause, _ := upstream.RetryAfter(header)
	if pause < minPause {
		if again {
			p.throttle.times++
		}
		pause = minPause << min(max(p.throttle.times-1, 0), maxDoubled)
	}
	pause = min(pause, maxPause)
	if again && p.interval > 0 {
		p.config.Log.Warn("the tenant throttles; exchanges pause", "pause_ms", pause.Milliseconds())
	}
	if p.pause(now, now.Add(pause)) && p.share != nil {
		p.share.pause(pause)
	}
	return p.throttle.until
}

// pause sends no request before a time. It reports whether that is a change.
func (p *Pacer) pause(now, until time.Time) bool {
	if !until.After(p.throttle.until) {
		return false
	}
	p.throttle.until = until
	p.refuseLate(now, 0)
	p.schedule(now)
	return true
}

// accepted ends the doubling of pauses, because the tenant accepted a request that was
// sent after the last pause.
func (p *Pacer) accepted(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !sent.Before(p.throttle.until) {
		p.throttle.times = 0
	}
}
