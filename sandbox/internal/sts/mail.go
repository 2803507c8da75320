package sts

import (
	"context"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// maxMessages is the number of messages that the mailbox keeps.
const maxMessages = 1000

// deliver puts a message into the mailbox. The caller must hold s.mu.
func (s *STS) deliver(m control.Message) {
	s.delivered++
	m.Number = s.delivered
	s.mail = append(s.mail, m)
	if len(s.mail) > maxMessages {
		s.mail = s.mail[len(s.mail)-maxMessages:]
	}
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// Mail returns the messages to an email address, newest first. An empty address selects all
// messages.
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

// WaitForMail returns the messages to an email address whose number is greater than after,
// newest first. If there is none, it waits for one until ctx is done.
func (s *STS) WaitForMail(ctx context.Context, to string, after int64) []control.Message {
	for {
		s.mu.Lock()
		arrived := s.arrived
		s.mu.Unlock()
		mail := s.Mail(to)
		older := slices.IndexFunc(mail, func(m control.Message) bool { return m.Number <= after })
		if older >= 0 {
			mail = mail[:older]
		}
		if len(mail) > 0 {
			return mail
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return mail
		}
	}
}

// mayReadMail reports whether the request has the key of the printed link. The key is
// required because other users of the machine can reach the loopback address too.
func (s *STS) mayReadMail(r *http.Request) bool {
	var key string
	s.Directory.View(func(d *directory.State) { key = d.MailKey })
	return subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("key")), []byte(key)) == 1
}

func (s *STS) mailJSON(w http.ResponseWriter, r *http.Request) {
	if !s.mayReadMail(r) {
		http.Error(w, "use the link that was printed when the sandbox started", http.StatusForbidden)
		return
	}
	writeJSON(w, http.StatusOK, s.Mail(r.URL.Query().Get("to")))
}

func (s *STS) mailPage(w http.ResponseWriter, r *http.Request) {
	if !s.mayReadMail(r) {
		s.message(w, r, "You can't open this mailbox",
			"Use the link that was printed when the sandbox started.")
		return
	}
	v := view{Title: "Mailbox", Mail: s.Mail(r.URL.Query().Get("to"))}
	s.render(w, r, http.StatusOK, "mail", v, "")
}
