// Package output prints the result of a command: as a table for users, as JSON or
// YAML for programs, or as what a jq or JMESPath expression selects from the JSON.
// YAML has the names and the order of the JSON.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// Format is the format of a printed result.
type Format string

// The formats.
const (
	FormatTable Format = "table"
	FormatJSON  Format = "json"
	FormatYAML  Format = "yaml"
)

// ParseFormat parses the name of a format in any case. An unknown name is a Usage
// fault.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(s)); f {
	case FormatTable, FormatJSON, FormatYAML:
		return f, nil
	}
	return "", &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("unknown output format %q", s),
		Fix:  "use table, json or yaml",
	}
}

// Printer prints results. Out, Format and, for a terminal, TTY and Width must be set.
type Printer struct {
	Out    io.Writer
	Format Format
	TTY    bool   // Out is a terminal, so that table columns are aligned instead of separated by tabs
	Width  int    // of the terminal, in columns
	Filter Filter // what is printed of the result; zero is all of it
	Lines  bool   // each result is one of many: JSON is on one line, YAML is a document
}

// Plain reports whether the result is printed as a table, for a user and not for a
// program.
func (p Printer) Plain() bool { return p.Format == FormatTable && p.Filter == Filter{} }

// Print prints v, or t if the result is printed as a table. An expression that fails on v is
// an Unprinted fault.
func (p Printer) Print(v any, t Table) error {
	raw, err := marshal(v)
	if err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	switch {
	case p.Filter.jq != nil:
		return p.jq(raw)
	case p.Filter.jmesPath != nil:
		if raw, err = search(p.Filter.jmesPath, raw); err != nil {
			return err
		}
		if p.Format == FormatTable {
			return p.json(raw)
		}
	}
	switch p.Format {
	case FormatJSON:
		return p.json(raw)
	case FormatYAML:
		return p.yaml(raw)
	}
	return p.table(t)
}

// marshal returns v as JSON without HTML escapes, and a newline.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return b.Bytes(), err
}

func (p Printer) json(raw []byte) error {
	var b bytes.Buffer
	if p.Lines {
		b.Write(bytes.TrimSpace(raw))
	} else if err := json.Indent(&b, bytes.TrimSpace(raw), "", "  "); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	b.WriteByte('\n')
	_, err := p.Out.Write(p.safeJSON(b.Bytes()))
	return err
}
