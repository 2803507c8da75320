package profilecmd

import (
	"errors"
	"io/fs"
	"os"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
)

// dropPlainFile removes tokens that an earlier sign-in left in a plain file, now
// that another store has them.
func dropPlainFile(s *session.Session) error {
	if s.Store.Kind() == "file" {
		return nil
	}
	path := s.PlainFile()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return command.StateFault(path, err)
	}
	return nil
}
