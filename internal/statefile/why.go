package statefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// Explain completes the words of an error of reading or writing a file: what failed
// gets the cause as a clause, and a fix that fits the cause replaces fix. Both stay as
// they are if the cause is not known.
func Explain(what, fix, path string, err error) (completeWhat, completeFix string) {
	return explain(what, fix, path, err, os.Getuid())
}

// WriteFault returns the Usage fault of a file or directory of the state directory that
// cannot be written.
func WriteFault(path string, err error) error {
	what, fix := Explain("cannot write "+path, "make the directory writable", path, err)
	return &fault.Error{
		Kind: fault.Usage,
		What: what,
		Fix:  fix + ", or set PROFILECTL_STATE_DIR to another directory",
		Err:  err,
	}
}

// explain is Explain for the user with an id, which is -1 on Windows.
func explain(what, fix, path string, err error, uid int) (completeWhat, completeFix string) {
	cause, better := why(path, err, uid)
	if cause != "" {
		what += ": " + cause
	}
	if better != "" {
		fix = better
	}
	return what, fix
}

// why returns the cause of an error, and what the user can do about it.
func why(path string, err error, uid int) (cause, fix string) {
	switch {
	case errors.Is(err, errReadOnly):
		return "its file system is read-only", "use a directory that can be written"
	case errors.Is(err, errFull), errors.Is(err, errQuota):
		return "the disk is full", "free some space, then run the command again"
	case errors.Is(err, errNoLocks), errors.Is(err, errors.ErrUnsupported):
		return "its file system has no locks", "use a directory on another file system"
	case errors.Is(err, errBusy):
		return busyCause, busyFix
	case !errors.Is(err, fs.ErrPermission):
		return "", ""
	}
	if target, err := follow(path); err == nil {
		path = target
	}
	for _, candidate := range []string{path, filepath.Dir(path)} {
		if owner, foreign := ownedByOther(candidate, uid); foreign {
			command := "sudo chown -R $(id -un) " + shellQuoted(candidate)
			return candidate + " belongs to " + owner,
				"if an earlier command with sudo created it, run `" + command + "`"
		}
	}
	return "permission denied", ""
}

// shellQuoted returns a path as one word for a POSIX shell.
func shellQuoted(path string) string {
	const special = " \t\n'\"\\$`&;|<>()*?[]{}!#~"
	if !strings.ContainsAny(path, special) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
