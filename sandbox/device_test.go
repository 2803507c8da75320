package sandbox_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

// deviceAuthorization is the response of the device code endpoint.
type deviceAuthorization struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Page       string `json:"verification_uri"`
}

// startDevice requests a device code.
func (c *client) startDevice() deviceAuthorization {
	c.t.Helper()
	form := url.Values{"client_id": {c.facts.ClientID}, "scope": {readScope}}
	res, err := c.tenant.Client().PostForm(c.facts.Authority+"/oauth2/v2.0/devicecode", form)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var d deviceAuthorization
	if err := json.NewDecoder(res.Body).Decode(&d); err != nil || d.DeviceCode == "" {
		c.t.Fatalf("got %+v, %v", d, err)
	}
	return d
}

// poll asks for the tokens of a device.
func (c *client) poll(d deviceAuthorization) result {
	c.t.Helper()
	return c.token("grant_type", "device_code", "device_code", d.DeviceCode)
}

func TestDeviceCode(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	d := c.startDevice()
	if !strings.HasSuffix(d.Page, "/common/oauth2/deviceauth") {
		t.Errorf("the page is %s", d.Page)
	}
	c.wantError(c.poll(d), 400, 70016)
	c.newBrowser()
	c.browser.UserCode = d.UserCode
	page, err := c.browser.Open(t.Context(), d.Page)
	if err != nil || !strings.Contains(page.Text, "You are signed in") {
		t.Fatalf("got %+v, %v", page, err)
	}
	if got := c.poll(d); got.Status != 200 || got.AccessToken == "" {
		t.Errorf("got %+v", got)
	}
	c.wantError(c.poll(d), 400, 70018)
}

func TestDeviceCodeExpires(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	d := c.startDevice()
	c.tenant.FastForward(16 * time.Minute)
	c.wantError(c.poll(d), 400, 70020)
}

func TestDeviceCodeIsDeclined(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	d := c.startDevice()
	c.user.Cancel = true
	c.newBrowser()
	jar := newJar(t)
	_, page := c.open(jar, "POST", d.Page, url.Values{"otc": {d.UserCode}})
	_, page = c.post(jar, "cancel", url.Values{"tx": {tx(page)}})
	if !strings.Contains(page, "You have canceled the sign-in") {
		t.Errorf("got page %s", page)
	}
	if got := c.poll(d); got.Status != 400 || got.Error != "authorization_declined" {
		t.Errorf("got %+v", got)
	}
	_, page = c.open(newJar(t), "POST", d.Page, url.Values{"otc": {d.UserCode}})
	if !strings.Contains(page, "incorrect or has expired") {
		t.Errorf("the code can be entered again: %s", page)
	}
}

func TestDeviceCodeOfAConfidentialClient(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.facts.ClientID = c.facts.WebClientID
	d := c.startDevice() // needs no credential
	c.wantError(c.poll(d), 401, 7000218)
	c.wantError(c.token("grant_type", "device_code", "device_code", d.DeviceCode, "client_secret", c.facts.WebSecret),
		400, 70016)
}
