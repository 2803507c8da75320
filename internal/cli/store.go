package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// openStore makes the token store that the settings name. If they name none, it
// is the keyring, or the plain file that a sign-in with --insecure-storage left. A
// new sign-in goes to the keyring again.
func (s *session) openStore(newSignIn bool) (*tokenstore.Store, error) {
	c := s.storeConfig()
	kind := s.settings.Text("store")
	if !s.settings.Configured("store") && !newSignIn && s.env.Exists(s.plainFile()) {
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

// storeConfig returns the configuration of the store for this tenant and client.
func (s *session) storeConfig() tokenstore.Config {
	return tokenstore.Config{
		Service:  tokenstore.Service(s.authority.URL, s.settings.Text("client-id"), s.tenant),
		StateDir: filepath.Join(s.paths.State, "tokens"),
		Ring:     s.env.Keyring,
		Wait:     s.keyringWait(),
		LockWait: s.globals.Timeout,
		Waiting:  func() { s.say("Waiting for the keyring to be unlocked.") },
	}
}

// keyringWait returns how long to wait for the keyring: longer if a user can
// unlock it.
func (s *session) keyringWait() time.Duration {
	const attended, unattended = time.Minute, 5 * time.Second
	if s.env.Facts().Interactive {
		return attended
	}
	return min(unattended, s.globals.Timeout)
}

// plainFile returns the path of the file that holds the tokens if the keyring is
// not used.
func (s *session) plainFile() string {
	c := s.storeConfig()
	return tokenstore.FilePath(c.StateDir, c.Service)
}

// dropPlainFile removes tokens that an earlier sign-in left in a plain file, now
// that another store has them.
func (s *session) dropPlainFile() error {
	if s.store.Kind() == "file" {
		return nil
	}
	path := s.plainFile()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return command.StateFault(path, err)
	}
	return nil
}
