package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/profilectl/profilectl/sandbox"
)

// A test of a client needs no sockets: the client gets Tenant.Client as its
// http.Client, and the addresses of the tenant. The test decides what fails; here
// the token endpoint fails once, and the client retries.
func Example() {
	tenant, err := sandbox.New(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	facts := tenant.Facts()
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {facts.ClientID},
		"refresh_token": {"x"},
		"scope":         {"User.Read"},
	}
	tenant.FailNext(sandbox.Fault{Part: "token", Status: http.StatusServiceUnavailable})
	for range 2 {
		res, err := tenant.Client().PostForm(facts.Authority+"/oauth2/v2.0/token", form)
		if err != nil {
			fmt.Println(err)
			return
		}
		res.Body.Close()
		fmt.Println(res.Status)
	}
	for _, r := range tenant.Requests() {
		fmt.Println(r.Part, r.Grant, r.Status)
	}
	// Output:
	// 503 Service Unavailable
	// 400 Bad Request
	// token  503
	// token refresh_token 400
}
