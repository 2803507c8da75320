package graph

import (
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

func TestLastPasswordChangeFollowsTheUser(t *testing.T) {
	user := directory.User{Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if got := value(user, "lastPasswordChangeDateTime", "d"); got != "2026-01-02T03:04:05Z" {
		t.Errorf("of a new account: got %v", got)
	}
	user.PasswordChanged = user.Created.Add(time.Hour)
	if got := value(user, "lastPasswordChangeDateTime", "d"); got != "2026-01-02T04:04:05Z" {
		t.Errorf("after a change: got %v", got)
	}
	if got := value(user, "createdDateTime", "d"); got != "2026-01-02T03:04:05Z" {
		t.Errorf("created: got %v", got)
	}
}
