package cli

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"

	"github.com/profilectl/profilectl/internal/cli/command"
)

// TestInterruptEndsAReadOfStandardInput interrupts commands that wait for standard input,
// which nobody writes.
func TestInterruptEndsAReadOfStandardInput(t *testing.T) {
	const interrupted = 130
	for name, args := range map[string][]string{
		"explain":  {"explain", "-"},
		"import":   {"sandbox", "import", "-"},
		"password": {"password", "--stdin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := filepath.Join(t.TempDir(), "home")
			in, writer := io.Pipe()
			var stderr bytes.Buffer
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			go func() {
				_, _ = writer.Write([]byte("x")) // returns when the command has read it
				cancel(command.ErrInterrupted)
			}()
			code := Main(ctx, command.Env{
				Stdin: in, Stdout: io.Discard, Stderr: &stderr, GOOS: "linux",
				Getenv: func(name string) string { return map[string]string{"HOME": home}[name] },
			}, args)
			if code != interrupted {
				t.Errorf("exit code %d, %s", code, stderr.Bytes())
			}
		})
	}
}
