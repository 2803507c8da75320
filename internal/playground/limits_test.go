package playground_test

import (
	"net/http"
	"testing"

	"github.com/profilectl/profilectl/internal/playground"
)

// TestPlaygroundEnforcesLimits starts more sign-ins at once than an external tenant allows.
func TestPlaygroundEnforcesLimits(t *testing.T) {
	for _, limits := range []bool{false, true} {
		p, err := playground.Start(t.Context(), playground.Options{Limits: limits, QuickPasswords: true})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		limited := false
		for range 100 {
			res, err := http.Get(p.Facts.Pages + "/" + p.Facts.TenantID + "/oauth2/v2.0/authorize?response_type=code" +
				"&scope=openid&redirect_uri=http://localhost&client_id=" + p.Facts.ClientID)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			limited = limited || res.StatusCode == http.StatusTooManyRequests && res.Header.Get("Retry-After") != ""
		}
		if limited != limits {
			t.Errorf("with limits %t: requests were rejected: %t", limits, limited)
		}
	}
}
