package serve

import (
	"net/http"
	"time"

	"github.com/rs/cors"
)

// preflightAge is how long browsers may cache the result of a preflight request.
const preflightAge = 10 * time.Minute

// acrossOrigins lets the scripts of the allowed origins call a handler and read its
// responses (Cross-Origin Resource Sharing), including those that reject a request. It
// answers their preflight requests itself. Cookies are never allowed: only the access
// token identifies the caller.
func (s *Server) acrossOrigins(next http.HandlerFunc) http.Handler {
	allow := func(origin string) bool {
		allowed := s.live.Load().allowOrigin
		return allowed != nil && allowed(origin)
	}
	across := cors.New(cors.Options{
		AllowOriginFunc: allow,
		AllowedMethods:  []string{http.MethodPost, http.MethodGet},
		AllowedHeaders:  []string{"*"},
		ExposedHeaders:  []string{"WWW-Authenticate", "Retry-After", "client-request-id", schemaHeader},
		MaxAge:          int(preflightAge.Seconds()),
	}).Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.live.Load().allowOrigin == nil {
			next(w, r)
			return
		}
		across.ServeHTTP(w, r)
	})
}
