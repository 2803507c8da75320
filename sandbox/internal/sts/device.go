package sts

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const (
	deviceLife     = 15 * time.Minute
	deviceInterval = 5 // seconds
	userCodeLength = 9
)

// device waits for a person to let it in with a user code (RFC 8628).
type device struct {
	code, userCode string
	app            directory.App
	grant          grant
	facts          Facts
	approved, used bool
	expires        time.Time
}

// deviceCode starts a device's sign-in. The address it names is the external
// tenant's own page; the real service still names the workforce one, which
// refuses customers (AADSTS500208).
func (s *STS) deviceCode(w http.ResponseWriter, r *http.Request) {
	if !s.known(r) {
		s.fail(w, r, no(90002, r.PathValue("tenant")))
		return
	}
	t, f := s.readTokenRequest(w, r)
	if f != nil {
		s.fail(w, r, f)
		return
	}
	g, f := s.resolve(t.form.Get("scope"), t.app)
	if f != nil {
		s.fail(w, r, f)
		return
	}
	d := &device{code: rand.Text() + rand.Text(), userCode: rand.Text()[:userCodeLength], app: t.app, grant: g, expires: s.Now().Add(deviceLife)}
	s.mu.Lock()
	s.sweep()
	s.devices[d.code] = d
	s.mu.Unlock()
	page := s.origins(r).pages + "/common/oauth2/deviceauth"
	writeJSON(w, http.StatusOK, map[string]any{
		"user_code": d.userCode, "device_code": d.code, "verification_uri": page,
		"expires_in": int(deviceLife.Seconds()), "interval": deviceInterval,
		"message": "To sign in, use a web browser to open the page " + page + " and enter the code " + d.userCode + " to authenticate.",
	})
}

func (s *STS) byDevice(t tokenRequest) (issuance, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value := t.form.Get("device_code")
	if value == "" {
		value = t.form.Get("code") // what MSAL sends for the short grant type
	}
	d, known := s.devices[value]
	switch {
	case !known || d.used || !strings.EqualFold(d.app.ID, t.app.ID):
		return issuance{}, no(70018)
	case s.Now().After(d.expires):
		return issuance{}, no(70019)
	case !d.approved:
		return issuance{}, no(70016)
	}
	d.used = true
	return t.issuance(d.grant, d.facts), nil
}

func (s *STS) deviceAuth(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "device", view{Title: "Enter the code", Value: r.URL.Query().Get("otc")}, "")
}

// deviceEnter starts the sign-in that a user code stands for.
func (s *STS) deviceEnter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		s.errorPage(w, r, no(9002))
		return
	}
	typed := strings.ToUpper(strings.TrimSpace(r.PostForm.Get("otc")))
	var found *device
	s.mu.Lock()
	for _, d := range s.devices {
		if d.userCode == typed && !d.approved && s.Now().Before(d.expires) {
			found = d
		}
	}
	s.mu.Unlock()
	if found == nil {
		s.render(w, r, http.StatusOK, "device", view{Title: "Enter the code", Error: "That code is not known or has expired."}, "")
		return
	}
	s.begin(w, r, &transaction{
		id: rand.Text(), app: found.app, grant: found.grant, device: found, mode: "query", prompt: "", expires: s.Now().Add(transactionLife),
	})
}
