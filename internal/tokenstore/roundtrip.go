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

// Unmarshal sets the value (cache.Unmarshaler).
func (p *probe) Unmarshal(raw []byte) error {
	*p = bytes.Clone(raw)
	return nil
}

// Roundtrip writes a random value to the store that open opens, reads it back with
// another store, and removes it. The service of both must not be that of a sign-in. It
// returns the fault of the keyring or the file, as a sign-in would.
func Roundtrip(ctx context.Context, open func() (*Store, error)) error {
	writer, err := open()
	if err != nil {
		return err
	}
	written := probe(rand.Text())
	err = writer.Locked(ctx, func(ctx context.Context) error {
		return writer.Export(ctx, &written, cache.ExportHints{})
	})
	if err == nil {
		err = readBack(ctx, open, written)
	}
	return errors.Join(err, writer.Purge(context.WithoutCancel(ctx)))
}

func readBack(ctx context.Context, open func() (*Store, error), written probe) error {
	reader, err := open()
	if err != nil {
		return err
	}
	var got probe
	err = reader.Locked(ctx, func(ctx context.Context) error {
		return reader.Replace(ctx, &got, cache.ReplaceHints{})
	})
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
