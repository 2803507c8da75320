package command

import (
	"context"
	"io"
	"os"

	"github.com/profilectl/profilectl/internal/terminal"
)

// ReadInput reads the first bytes, up to a limit, of a file, or of standard input if path is -.
// A pipe without a writer blocks even when it is opened, so ReadInput returns as soon as ctx
// ends.
func (e Env) ReadInput(ctx context.Context, path string, limit int64) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		in := e.Stdin
		if path != "-" {
			f, err := os.Open(path)
			if err != nil {
				done <- result{err: err}
				return
			}
			defer func() { _ = f.Close() }()
			in = f
		}
		data, err := io.ReadAll(io.LimitReader(in, limit))
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		if path == "-" {
			terminal.AwaitInterrupt(ctx, e.Stdin)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err() // the input may be incomplete
		}
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
