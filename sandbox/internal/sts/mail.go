package sts

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const mostMail = 1000 // messages kept

// Mail returns the messages to an address, the newest first; all, for an empty
// one.
func (s *STS) Mail(to string) []control.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []control.Message{}
	for _, m := range slices.Backward(s.mail) {
		if to == "" || strings.EqualFold(m.To, to) {
			found = append(found, m)
		}
	}
	return found
}

// mailAllowed wants the key of the printed link: other users of the machine can
// reach loopback too.
func (s *STS) mailAllowed(r *http.Request) bool {
	var key string
	s.Directory.View(func(d *directory.State) { key = d.MailKey })
	return subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("key")), []byte(key)) == 1
}

func (s *STS) mailJSON(w http.ResponseWriter, r *http.Request) {
	if !s.mailAllowed(r) {
		http.Error(w, "use the link that was printed at the start", http.StatusForbidden)
		return
	}
	writeJSON(w, http.StatusOK, s.Mail(r.URL.Query().Get("to")))
}

func (s *STS) mailPage(w http.ResponseWriter, r *http.Request) {
	if !s.mailAllowed(r) {
		s.message(w, r, "The mail box is closed", "Use the link that was printed when the sandbox started.")
		return
	}
	s.render(w, r, http.StatusOK, "mail", view{Title: "Mail box", Mail: s.Mail(r.URL.Query().Get("to"))}, "")
}
