package sandbox

import (
	"net/http"
	"strings"
	"time"

	"github.com/rs/cors"
)

// preflightAge is how long browsers may cache the result of a preflight request.
const preflightAge = 10 * time.Minute

// AllowsOrigin reports whether an app is registered as a single-page app at an
// origin, such as http://localhost:5173. Scripts of that origin may call the API.
func (t *Tenant) AllowsOrigin(origin string) bool { return t.sts.AllowsOrigin(origin) }

// shareAcrossOrigins lets the scripts of registered single-page apps read the
// responses of the API (Cross-Origin Resource Sharing), and those of web apps only
// the responses of discovery, keys and the token endpoint, which tell them why their
// token requests fail. It answers preflight requests itself: they are neither
// recorded nor do they consume a fault. The pages and the control API are never
// shared.
func (t *Tenant) shareAcrossOrigins(next http.Handler) http.Handler {
	graph := corsPolicy(t.sts.AllowsOrigin).Handler(next)
	service := corsPolicy(t.sts.SharesErrors).Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isShared(r):
			next.ServeHTTP(w, r)
		case partOf(r.Host, r.URL.Path) == graphPart:
			graph.ServeHTTP(w, r)
		default:
			service.ServeHTTP(w, r)
		}
	})
}

func corsPolicy(allows func(origin string) bool) *cors.Cors {
	return cors.New(cors.Options{
		AllowOriginFunc: allows,
		AllowedMethods:  []string{http.MethodGet, http.MethodPost, http.MethodPatch},
		AllowedHeaders:  []string{"*"},
		ExposedHeaders: []string{
			"Retry-After", "WWW-Authenticate", "Location", "Date",
			"request-id", "client-request-id", "x-ms-request-id", "x-ms-ags-diagnostic", "OData-Version",
		},
		MaxAge: int(preflightAge.Seconds()),
	})
}

// isShared reports whether scripts of other origins may read the responses of a
// request: discovery, keys, tokens, and Graph. A device code is for devices without a
// browser.
func isShared(r *http.Request) bool {
	return partOf(r.Host, r.URL.Path) != pagesPart && !strings.HasSuffix(r.URL.Path, "/devicecode")
}
