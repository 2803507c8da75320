//go:build !windows

package terminal

import (
	"context"
	"io"
	"os"
)

// understandsEscapes reports whether a terminal interprets escape sequences. On this
// platform all do, except for TERM=dumb.
func understandsEscapes(*os.File) bool { return true }

// AwaitInterrupt does nothing on this platform: Ctrl-C does not end a read.
func AwaitInterrupt(context.Context, io.Reader) {}
