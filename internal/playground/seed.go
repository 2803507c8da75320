package playground

import (
	"errors"
	"os"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/sandbox/control"
)

// readSeed reads a seed file. An empty path is no seed.
func (o Options) readSeed() ([]byte, error) {
	if o.Seed == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(o.Seed)
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "the seed file " + o.Seed + " cannot be read",
			Fix:  "check its path and its permissions",
			Err:  err,
		}
	}
	return raw, nil
}

// startFault turns a mistake in a file that the tenant starts with into a fault, and returns
// other errors unchanged.
func (o Options) startFault(err error) error {
	mistake, ok := errors.AsType[*control.FileError](err)
	if !ok || !profile.IsCustom(mistake.Field) {
		return o.seedFault(err)
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: o.Attributes + ", " + mistake.Error(),
		Fix:  "correct the file, or replace the kept tenant",
		Err:  err,
	}
}

// seedFault turns a mistake in the seed file into a fault, and returns other errors
// unchanged.
func (o Options) seedFault(err error) error {
	mistake, ok := errors.AsType[*control.FileError](err)
	if !ok {
		return err
	}
	return FileFault(o.Seed, mistake.Error(), err)
}

// FileFault returns the fault of a mistake in a seed or in an exported tenant.
func FileFault(path, mistake string, err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: path + ", " + mistake,
		Fix:  "correct the file; docs/reference/sandbox.md describes its fields",
		Err:  err,
	}
}
