package session

import (
	"path/filepath"
	"time"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// OpenStore makes the token store that the settings name. If they name none, it
// is the keyring, or the plain file that a sign-in with --insecure-storage left. A
// new sign-in goes to the keyring again.
func (s *Session) OpenStore(newSignIn bool) (*tokenstore.Store, error) {
	c := s.StoreConfig()
	kind := s.Settings.Text("store")
	if !s.Settings.Configured("store") && !newSignIn && command.Exists(s.PlainFile()) {
		kind = "file"
	}
	switch kind {
	case "memory":
		return tokenstore.Memory(), nil
	case "file":
		return tokenstore.NewFile(c)
	}
	return tokenstore.New(c)
}

// StoreConfig returns the configuration of the store for this tenant and client.
func (s *Session) StoreConfig() tokenstore.Config {
	return tokenstore.Config{
		Service:  tokenstore.Service(s.Authority.URL, s.Settings.Text("client-id"), s.Tenant),
		StateDir: filepath.Join(s.Paths.State, "tokens"),
		Ring:     s.Env.Keyring,
		Wait:     s.keyringWait(),
		LockWait: s.Globals.Timeout,
		Waiting:  func() { s.Say("Waiting for the keyring to be unlocked.") },
	}
}

// keyringWait returns how long to wait for the keyring: longer if a user can
// unlock it.
func (s *Session) keyringWait() time.Duration {
	const attended, unattended = time.Minute, 5 * time.Second
	if s.Env.Facts().Interactive {
		return attended
	}
	return min(unattended, s.Globals.Timeout)
}

// PlainFile returns the path of the file that holds the tokens if the keyring is
// not used.
func (s *Session) PlainFile() string {
	c := s.StoreConfig()
	return tokenstore.FilePath(c.StateDir, c.Service)
}
