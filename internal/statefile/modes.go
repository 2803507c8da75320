package statefile

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// OthersMay reports whether users other than the owner have one of the permissions of
// a file. It returns false if the mode of the file means nothing: on Windows, and on
// file systems that ignore modes and show the same one for every file, such as drives
// of Windows in WSL, VFAT and exFAT. There, no command can change the mode either.
func OthersMay(permissions fs.FileMode, path string) bool {
	return othersMay(permissions, path, IgnoresModes)
}

func othersMay(permissions fs.FileMode, path string, ignoresModes func(dir string) bool) bool {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&permissions == 0 {
		return false
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return !ignoresModes(filepath.Dir(path))
}

// IgnoresModes reports whether the file system of a directory ignores the modes of
// files. It creates a file for its owner alone and looks at its mode. A directory in
// which it cannot create a file counts as one that heeds them.
func IgnoresModes(dir string) bool {
	temp, err := os.CreateTemp(dir, Temporary) // with mode 0600
	if err != nil {
		return false
	}
	info, err := temp.Stat()
	_ = temp.Close()
	_ = os.Remove(temp.Name()) // it is empty
	const others = 0o077
	return err == nil && info.Mode().Perm()&others != 0
}
