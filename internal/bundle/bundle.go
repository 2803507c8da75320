// Package bundle writes what a user sends with a report of a bug: a few files in an
// archive, without secrets and personal data.
package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/profilectl/profilectl/internal/fault"
)

// File is a file of the archive.
type File struct {
	Name    string
	Holds   string // what it holds, for the list that the user confirms
	Content []byte
}

// JSON returns a file with a value in JSON.
func JSON(name, holds string, v any) (File, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return File{}, fmt.Errorf("encode %s: %w", name, err)
	}
	return File{Name: name, Holds: holds, Content: b.Bytes()}, nil
}

// CheckNew returns a Usage fault if a file exists at path: Write would not replace it.
func CheckNew(path string) error {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return existing(path, err)
}

func existing(path string, err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: path + " exists already, and nothing was written",
		Fix:  "choose another name, or remove the file",
		Err:  err,
	}
}

// Write writes the archive to a new file that only its owner can read. It fails with a
// Usage fault if the file exists or cannot be created.
func Write(path string, files []File) error {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range files {
		part, err := w.Create(f.Name)
		if err == nil {
			_, err = part.Write(f.Content)
		}
		if err != nil {
			return fmt.Errorf("archive %s: %w", f.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("close archive: %w", err)
	}
	const ownerOnly = 0o600
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, ownerOnly)
	if errors.Is(err, fs.ErrExist) {
		return existing(path, err)
	}
	if err == nil {
		_, err = out.Write(archive.Bytes())
		err = errors.Join(err, out.Close())
		if err != nil {
			_ = os.Remove(path) // it is incomplete
		}
	}
	if err != nil {
		return &fault.Error{
			Kind: fault.Usage,
			What: path + " cannot be written",
			Fix:  "choose a file in a directory that you may write to",
			Err:  err,
		}
	}
	return nil
}
