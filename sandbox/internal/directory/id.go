package directory

import (
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// NewID returns a random GUID.
func NewID() string { return uuid.NewString() }

// NewConsentID returns an id for a Consent or a Role. Graph's are longer than GUIDs, and
// opaque.
func NewConsentID() string {
	const bytes = 32
	raw := make([]byte, bytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
