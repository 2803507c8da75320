package statefile

import "os"

// Foreign reports whether a file belongs to another user than this one and root, who
// could change it at any time, whatever its mode. It returns false on Windows and if the
// file does not exist.
func Foreign(path string) bool { return foreignTo(os.Getuid(), path) }

// foreignTo is Foreign for the user with an id, which is -1 on Windows.
func foreignTo(uid int, path string) bool {
	const root = 0
	_, others := ownedByOther(path, uid)
	_, notRoots := ownedByOther(path, root)
	return others && notRoots
}
