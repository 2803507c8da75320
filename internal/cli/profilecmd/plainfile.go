package profilecmd

import (
	"errors"
	"io/fs"
	"os"

	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/statefile"
)

// dropPlainFile removes tokens that an earlier sign-in left in a plain file, now
// that another store has them.
func dropPlainFile(s *session.Session) error {
	if s.Store.Kind() == "file" {
		return nil
	}
	path := s.PlainFile()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return statefile.WriteFault(path, err)
	}
	return nil
}
