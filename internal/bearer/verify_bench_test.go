package bearer_test

import (
	"context"
	"net/http"
	"testing"
	"time"
)

// BenchmarkVerifierVerifiesSignatures verifies tokens that are not cached.
func BenchmarkVerifierVerifiesSignatures(b *testing.B) {
	n := newTenant(b)
	v := n.verifier(b)
	header, claims := valid()
	const more = 2100 // tokens than the cache holds
	var requests []http.Header
	for i := range more {
		claims["jti"] = i
		requests = append(requests, http.Header{"Authorization": {"Bearer " + n.sign(b, header, claims)}})
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour) // as serve limits each request
	defer cancel()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, _, err := v.Verify(ctx, requests[i%more]); err != nil {
			b.Fatal(err)
		}
	}
}
