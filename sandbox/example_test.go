package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox"
)

// A tenant without sockets, for the test of a client: the client under test gets
// Client as its http.Client and the tenant's own addresses. What happens is told,
// not guessed: here the token endpoint fails once, and is asked again.
func Example() {
	tenant, err := sandbox.New(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	facts := tenant.Facts()
	tenant.FailNext(sandbox.Fault{Part: "token", Status: http.StatusServiceUnavailable})
	for range 2 {
		res, err := tenant.Client().Post(facts.Authority+"/oauth2/v2.0/token", "application/x-www-form-urlencoded",
			strings.NewReader("grant_type=refresh_token&client_id="+facts.ClientID+"&refresh_token=x&scope=User.Read"))
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
	// Service Unavailable
	// Bad Request
	// token  503
	// token refresh_token 400
}
