//go:build !windows

package statefile

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// ownedByOther returns the owner of a file, and whether it is a user with another id
// than uid.
func ownedByOther(path string, uid int) (owner string, foreign bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == uid {
		return "", false
	}
	owner = strconv.Itoa(int(stat.Uid))
	if known, err := user.LookupId(owner); err == nil {
		return known.Username, true
	}
	return "the user with the id " + owner, true
}
