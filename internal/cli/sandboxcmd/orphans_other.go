//go:build !linux

package sandboxcmd

// adoptOrphans and endOrphans need Linux: elsewhere a process cannot become the parent
// of another one's children.
func adoptOrphans() {}
func endOrphans()   {}
