package playground

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox/control"
)

// address is the content of the control file.
type address struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

// Connect returns a client for the control API of the sandbox that runs in a
// directory. It fails with an Unavailable fault if none does.
func Connect(dir string, client *http.Client) (*control.Client, error) {
	raw, err := os.ReadFile(filepath.Join(dir, controlFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &fault.Error{
			Kind: fault.Unavailable,
			What: "no sandbox is running",
			Next: fault.DoStartSandbox,
			Err:  err,
		}
	}
	var a address
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	if err != nil {
		return nil, stateFault(dir, err)
	}
	return &control.Client{URL: a.URL, Key: a.Key, HTTP: client}, nil
}

// Fault turns an error of a control.Client or of an Offline into a fault: a Usage one if the
// sandbox rejected the request, an Unavailable one if it cannot be reached or cannot store
// the change. It returns nil for nil, and faults unchanged.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if notStored, ok := errors.AsType[*control.StorageError](err); ok {
		return storageFault(notStored.Error(), err)
	}
	rejected, ok := errors.AsType[*control.Error](err)
	if ok && rejected.Status >= http.StatusInternalServerError {
		return storageFault(rejected.Message, err)
	}
	if ok {
		return &fault.Error{
			Kind: fault.Usage,
			What: rejected.Message,
			Next: fault.DoCorrectArguments,
			Err:  err,
		}
	}
	f := fault.As(upstream.Fault(err, "no sandbox is running"))
	if f.Kind == fault.Internal { // not an error of the network
		return err
	}
	return &fault.Error{Kind: f.Kind, What: f.What, Next: fault.DoStartSandbox, Err: err}
}

func storageFault(what string, err error) error {
	return &fault.Error{
		Kind: fault.Unavailable,
		What: what,
		Fix:  "check the free space and the permissions of the directory of the sandbox, and try again",
		Err:  err,
	}
}
