package tokenstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/fault"
)

// probe is a value to store instead of MSAL's cache.
type probe []byte

// Marshal returns the value (cache.Marshaler).
func (p *probe) Marshal() ([]byte, error) { return *p, nil }

// Roundtrip writes a random value to the store that open opens, reads it back with
// another store, and removes it. The service of both must not be that of a sign-in. It
// returns the fault of the keyring or the file, as a sign-in would. Another process that
// does the same waits meanwhile: it would replace the value.
func Roundtrip(ctx context.Context, open func() (*Store, error)) error {
	writer, err := open()
	if err != nil {
		return err
	}
	written := probe(rand.Text())
	err = writer.Locked(ctx, func(ctx context.Context) error {
		if err := writer.Export(ctx, &written, cache.ExportHints{}); err != nil {
			return err
		}
		if err := writer.unsaved(); err != nil {
			return err
		}
		return readBack(ctx, open, written)
	})
	return errors.Join(err, writer.Purge(context.WithoutCancel(ctx)))
}

// readBack reads the value with another store, without its lock, which the writer holds.
func readBack(ctx context.Context, open func() (*Store, error), written probe) error {
	reader, err := open()
	if err != nil {
		return err
	}
	got, err := reader.read(ctx)
	if err == nil && !bytes.Equal(got, written) {
		return &fault.Error{
			Kind: fault.Unavailable,
			What: "the keyring returned another value than the one that was written",
			Fix:  "restart the keyring",
			Next: fault.DoUsePlainFile,
		}
	}
	return err
}
