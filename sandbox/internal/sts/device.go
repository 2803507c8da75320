package sts

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const (
	deviceLife     = 15 * time.Minute
	deviceInterval = 5 // seconds between two polls
	userCodeLength = 9
)

// device is a device whose user signs in on another one (RFC 8628). STS.mu guards approved,
// declined, used and auth.
type device struct {
	deviceCode string
	userCode   string
	app        directory.App
	grant      grant
	claims     claimsRequest
	auth       authentication // set when approved
	approved   bool
	declined   bool
	used       bool
	expires    time.Time
}

// deviceCode starts the sign-in of a device. verification_uri is the external tenant's own
// page. The real service still names the workforce page, which rejects customers
// (AADSTS500208).
func (s *STS) deviceCode(w http.ResponseWriter, r *http.Request) {
	d, e := s.newDevice(w, r)
	if e != nil {
		s.writeError(w, r, e)
		return
	}
	s.mu.Lock()
	s.sweep()
	s.devices[d.deviceCode] = d
	s.mu.Unlock()
	page := s.origins(r).pages + "/common/oauth2/deviceauth"
	audit.From(r.Context()).Issued("issued a device code; the user enters the user code at %s", page)
	writeJSON(w, http.StatusOK, map[string]any{
		"user_code":        d.userCode,
		"device_code":      d.deviceCode,
		"verification_uri": page,
		"expires_in":       int(deviceLife.Seconds()),
		"interval":         deviceInterval,
		"message": "To sign in, use a web browser to open the page " + page +
			" and enter the code " + d.userCode + " to authenticate.",
	})
}

// newDevice returns the device that a request to the device code endpoint describes. The
// endpoint asks for no credential, not even of a confidential client.
func (s *STS) newDevice(w http.ResponseWriter, r *http.Request) (*device, *entraError) {
	if e := s.checkTenant(r); e != nil {
		return nil, e
	}
	t, e := s.readForm(w, r)
	if e != nil {
		return nil, e
	}
	if t.app, e = s.identify(r); e != nil {
		return nil, e
	}
	if t.claims, e = readClaims(t.form.Get("claims")); e != nil {
		return nil, e
	}
	g, e := s.resolve(t.form.Get("scope"), t.app.For(""))
	if e != nil {
		return nil, e
	}
	return &device{
		deviceCode: rand.Text() + rand.Text(),
		userCode:   rand.Text()[:userCodeLength],
		app:        t.app,
		grant:      g,
		claims:     t.claims,
		expires:    s.Now().Add(deviceLife),
	}, nil
}

// redeemDeviceCode answers a poll of a device: an error until the user has signed in, then
// the tokens, once.
func (s *STS) redeemDeviceCode(t tokenRequest, code string) (issuance, *entraError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, known := s.devices[code]
	switch {
	case !known || d.used || !strings.EqualFold(d.app.ID, t.app.ID):
		return issuance{}, newError(aadstsDeviceCodeInvalid)
	case s.Now().After(d.expires):
		return issuance{}, newError(aadstsDeviceCodeExpired)
	case d.declined:
		return issuance{}, deviceDeclined()
	case !t.app.FallbackPublic && t.azpacr == azpacrPublic:
		return issuance{}, newError(aadstsClientCredentialMissing).
			because("the app is no public client (isFallbackPublicClient), and the flow has no redirect URI to show it")
	case !d.approved:
		return issuance{}, newError(aadstsDevicePending)
	}
	d.used = true
	t.claims = t.claims.with(d.claims)
	if e := s.checkPolicies(d.grant.api.ID, t.claims, d.auth); e != nil {
		return issuance{}, e
	}
	return t.issuance(d.grant, d.auth), nil
}

// devicePage shows the page for a user code, filled in if the link contains one.
func (s *STS) devicePage(w http.ResponseWriter, r *http.Request) {
	v := view{Title: "Enter the code", Value: r.URL.Query().Get("otc")}
	s.render(w, r, http.StatusOK, "device", v, "")
}

// enterUserCode starts the sign-in for the device that shows the user code.
func (s *STS) enterUserCode(w http.ResponseWriter, r *http.Request) {
	if e := parseForm(w, r); e != nil {
		s.errorPage(w, r, e)
		return
	}
	d := s.findDevice(strings.ToUpper(strings.TrimSpace(r.PostForm.Get("otc"))))
	if d == nil {
		v := view{Title: "Enter the code", Error: "That code is incorrect or has expired."}
		s.render(w, r, http.StatusOK, "device", v, "")
		return
	}
	s.begin(w, r, &transaction{
		id: rand.Text(),
		request: request{
			app:         d.app,
			grant:       d.grant,
			unconsented: d.grant.unconsented(d.app.For("")),
			claims:      d.claims,
			maxAge:      -1,
		},
		device:  d,
		expires: s.Now().Add(transactionLife),
	})
}

// findDevice returns the device that waits for the user code, or nil.
func (s *STS) findDevice(userCode string) *device {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		if d.userCode == userCode && !d.approved && !d.declined && s.Now().Before(d.expires) {
			return d
		}
	}
	return nil
}

// approve lets the device redeem its device code.
func (s *STS) approve(d *device, g grant, auth authentication) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.grant, d.auth, d.approved = g, auth, true
}

// decline ends the device's polling: the user canceled the sign-in.
func (s *STS) decline(d *device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.declined = true
}

// deviceDeclined returns the error for a poll after the user canceled. Microsoft documents the
// OAuth code; the number is inferred.
func deviceDeclined() *entraError {
	e := newError(aadstsDeviceCodeInvalid).because("the user canceled the sign-in")
	e.oauth, e.text = "authorization_declined", "The end user has denied the authorization request."
	return e
}
