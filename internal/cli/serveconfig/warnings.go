package serveconfig

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/profilectl/profilectl/internal/output"
)

// Warnings returns a log that prints its warnings for a user, and nothing else.
func Warnings(out io.Writer) *slog.Logger { return slog.New(warnings{out}) }

// warnings is the handler of a log that prints its warnings for a user, one a line.
type warnings struct{ out io.Writer }

// Enabled reports whether a level is at least that of a warning (slog.Handler).
func (warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle prints a record (slog.Handler).
func (w warnings) Handle(_ context.Context, r slog.Record) error {
	text := "warning: " + r.Message
	for a := range r.Attrs {
		text += fmt.Sprintf("; %s: %s", a.Key, a.Value)
	}
	_, err := fmt.Fprintln(w.out, output.Safe(text))
	return err
}

// WithAttrs returns w: no warning is logged with them (slog.Handler).
func (w warnings) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup returns w: no warning is logged with one (slog.Handler).
func (w warnings) WithGroup(string) slog.Handler { return w }
