// Package problem represents errors between a client and the mid-tier: an RFC 9457
// problem document over HTTP, a fault on both sides. The mid-tier sends one for
// every request that it rejects. The client turns it back into a fault of the same
// kind, so that its callers need not know HTTP.
package problem

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/profilectl/profilectl/internal/fault"
)

// MediaType is the content type of a problem document.
const MediaType = "application/problem+json"

// Document is a problem document. Detail is for people and contains no values of
// the request.
type Document struct {
	Type          string `json:"type"`
	Title         string `json:"title"`
	Status        int    `json:"status"`
	Detail        string `json:"detail"`
	Fix           string `json:"fix,omitempty"`
	CorrelationID string `json:"correlationId,omitempty"`
	// Claims is the claims request of a challenge, and MaxAge its maximum time since
	// the sign-in in seconds. They repeat the WWW-Authenticate header, which some
	// gateways remove.
	Claims string `json:"claims,omitempty"`
	MaxAge int    `json:"maxAge,omitempty"`
	// Applied are Graph's names of the fields that were changed, and NotApplied those of
	// the others, if only a part of a change was made.
	Applied    []string `json:"applied,omitempty"`
	NotApplied []string `json:"notApplied,omitempty"`
}

// meaning represents a kind of fault in HTTP.
type meaning struct {
	status int
	slug   string
	title  string
}

// meaningOf returns the meaning of a kind; a test checks that none is missing.
func meaningOf(kind fault.Kind) meaning {
	switch kind {
	case fault.Usage:
		return meaning{http.StatusBadRequest, "request", "The request is wrong"}
	case fault.Invalid:
		return meaning{http.StatusBadRequest, "invalid-value", "A value is not valid"}
	case fault.SignIn:
		return meaning{http.StatusUnauthorized, "token", "The access token is not valid"}
	case fault.StepUp:
		return meaning{http.StatusUnauthorized, "step-up", "A stronger sign-in is needed"}
	case fault.Denied:
		return meaning{http.StatusForbidden, "denied", "Not allowed"}
	case fault.Unavailable:
		return meaning{http.StatusServiceUnavailable, "unavailable", "Temporarily unavailable"}
	case fault.Conflict:
		return meaning{http.StatusConflict, "conflict", "Changed by another client"}
	case fault.Canceled:
		return meaning{http.StatusServiceUnavailable, "canceled", "The request was canceled"}
	case fault.Unprinted:
		return meaning{http.StatusInternalServerError, "not-printed", "The result is not available"}
	default:
		return meaning{http.StatusInternalServerError, "internal", "Internal error"}
	}
}

// base precedes a problem's slug in its type. The URI is only a name; there is no
// such page.
const base = "https://github.com/profilectl/profilectl/problems/"

// From returns the document of a fault. If status is 0, the kind decides it.
func From(f *fault.Error, status int, correlationID string) Document {
	m := meaningOf(f.Kind)
	if status == 0 {
		status = m.status
	}
	return Document{
		Type:          base + m.slug,
		Title:         m.title,
		Status:        status,
		Detail:        f.What,
		Fix:           f.Advice(),
		CorrelationID: correlationID,
	}
}

// Write sends the document as the response.
func (d Document) Write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(d.Status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return fmt.Errorf("write problem: %w", err)
	}
	return nil
}
