package console

import (
	"testing"
	"time"
)

func TestLinksAndSessionsExpire(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newSessions(func() time.Time { return now })
	late := s.newLink()
	cookie, ok := s.redeem(s.newLink())
	if !ok {
		t.Fatal("a new link was rejected")
	}
	now = now.Add(linkLife + time.Second)
	if _, ok := s.redeem(late); ok {
		t.Error("an expired link was accepted")
	}
	if _, ok := s.csrf(cookie); !ok {
		t.Error("the session ended too early")
	}
	now = now.Add(sessionLife)
	if _, ok := s.csrf(cookie); ok {
		t.Error("the session did not end")
	}
}

func TestNoticeIsShownOnce(t *testing.T) {
	s := newSessions(time.Now)
	cookie, _ := s.redeem(s.newLink())
	s.setNotice(cookie, notice{Text: "saved"})
	if first, second := s.takeNotice(cookie), s.takeNotice(cookie); first.Text != "saved" || second.Text != "" {
		t.Errorf("got %q, then %q", first.Text, second.Text)
	}
}
