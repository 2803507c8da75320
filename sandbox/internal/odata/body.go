package odata

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxUpdate limits the bytes of a request to change a profile, before and after
// decompression. The ten properties need less than 13 KB.
const maxUpdate = 64 << 10

// Unreadable is the message of Graph about a body that is not JSON.
const Unreadable = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload " +
	"is of valid JSON format."

// ReadBody returns the body of a write request, decompressed. It checks that the body is
// declared as JSON. The two errors about the Content-Type were published by others.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, *Error) {
	declared := r.Header.Get("Content-Type")
	if declared == "" {
		return nil, BadRequest("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
	}
	if mediaType, _, err := mime.ParseMediaType(declared); err != nil || mediaType != "application/json" {
		return nil, BadRequest("Entity only allows writes with a JSON Content-Type header.")
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, requestTooLarge()
	}
	if err != nil {
		return nil, BadRequest(Unreadable)
	}
	switch coding := r.Header.Get("Content-Encoding"); {
	case coding == "" || strings.EqualFold(coding, "identity"):
		return raw, nil
	case strings.EqualFold(coding, "gzip"): // what the SDKs of Graph send
		return decompress(raw)
	}
	return nil, Unsupported(http.StatusUnsupportedMediaType, "The Content-Encoding of the request is not supported.")
}

// decompress returns the content of gzip data. It stops at maxUpdate bytes, so that a
// small request cannot use much memory.
func decompress(raw []byte) ([]byte, *Error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, BadRequest(Unreadable)
	}
	plain, err := io.ReadAll(io.LimitReader(unpacked, maxUpdate+1))
	switch {
	case len(plain) > maxUpdate:
		return nil, requestTooLarge()
	case err != nil:
		return nil, BadRequest(Unreadable)
	}
	return plain, nil
}

func requestTooLarge() *Error {
	return Unsupported(http.StatusRequestEntityTooLarge, "The request size exceeds the maximum limit.")
}

// Member represents a property of a JSON object. Numbers in its value are of type json.Number.
type Member struct {
	Name  string
	Value any
}

// Members returns the properties of a JSON object in their order. It rejects duplicates,
// whose case is ignored, and anything after the object.
func Members(raw []byte) ([]Member, *Error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, BadRequest(Unreadable)
	}
	var all []Member
	seen := map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, BadRequest(Unreadable)
		}
		m := Member{Name: name.(string)} // the decoder returns no other token before a value
		if decoder.Decode(&m.Value) != nil {
			return nil, BadRequest(Unreadable)
		}
		key := strings.ToLower(m.Name)
		if seen[key] {
			return nil, BadRequest("Multiple properties with the name '" + Clean(m.Name) + "' were detected in a " +
				"resource or a complex value. In OData, duplicate property names are not allowed.")
		}
		seen[key] = true
		all = append(all, m)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, BadRequest(Unreadable)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, BadRequest(Unreadable)
	}
	return all, nil
}
