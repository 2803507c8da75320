package aadsts

import (
	"fmt"

	"github.com/profilectl/profilectl/internal/fault"
)

// Explanation explains an AADSTS code. Fault has the words and the remedy that an error
// with this code gets.
type Explanation struct {
	Fault *fault.Error
	Cause string // the most likely cause
}

// Explain returns the explanation of a code. It reports whether the code is known.
func Explain(code int) (e Explanation, known bool) {
	m, known := meanings()[code]
	if !known {
		return Explanation{}, false
	}
	return Explanation{Fault: m.fault(m.what), Cause: causes()[code]}, true
}

// Page returns the address of Microsoft's page about a code.
func Page(code int) string {
	return fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", code)
}
