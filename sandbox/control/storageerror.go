package control

import (
	"errors"
	"syscall"
)

// StorageError reports that the store of a tenant failed to save a change, which was therefore
// not made. Over HTTP it is an Error with status 500.
type StorageError struct {
	Err error // of the store
}

// Error returns the reason: that of the system if there is one, without names of files.
func (e *StorageError) Error() string {
	reason := e.Err
	if system, ok := errors.AsType[syscall.Errno](e.Err); ok {
		reason = system
	}
	return "the tenant cannot be stored: " + reason.Error()
}

// Unwrap returns the error of the store.
func (e *StorageError) Unwrap() error { return e.Err }
