package config

import "log/slog"

// Secret is a value that must not be shown. Printed, logged or marshaled, it is
// "[secret]".
type Secret string

const hidden = "[secret]"

// String returns "[secret]".
func (Secret) String() string { return hidden }

// GoString returns "[secret]", for %#v.
func (Secret) GoString() string { return hidden }

// MarshalText returns "[secret]", for JSON, YAML and other encodings.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue returns "[secret]", for slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }
