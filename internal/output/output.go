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

// Printer prints results. All fields but JQ and Query must be set.
type Printer struct {
	Out    io.Writer
	Format Format
	TTY    bool   // Out is a terminal, so that table columns are aligned instead of separated by tabs
	Width  int    // of the terminal, in columns
	JQ     string // a jq expression; its results are printed whatever Format is
	Query  string // a JMESPath expression; its result is printed in Format
	Lines  bool   // each result is one of many: JSON is on one line, YAML is a document
}

// Plain reports whether the result is printed as a table, for a user and not for a
// program.
func (p Printer) Plain() bool { return p.Format == FormatTable && p.JQ == "" && p.Query == "" }

// Check checks the expressions, so that a command rejects them before it does anything. An
// invalid one is a Usage fault.
func (p Printer) Check() error {
	if p.JQ != "" && p.Query != "" {
		return &fault.Error{
			Kind: fault.Usage,
			What: "a jq and a JMESPath expression cannot be combined",
			Fix:  "use one of them",
		}
	}
	if p.JQ != "" {
		_, err := compileJQ(p.JQ)
		return err
	}
	if p.Query != "" {
		return checkJMESPath(p.Query)
	}
	return nil
}

// Print prints v, or t if the result is printed as a table. An expression that is invalid,
// or that fails on v, is a Usage fault.
func (p Printer) Print(v any, t Table) error {
	if err := p.Check(); err != nil {
		return err
	}
	raw, err := marshal(v)
	if err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	switch {
	case p.JQ != "":
		return p.jq(raw)
	case p.Query != "":
		if raw, err = search(p.Query, raw); err != nil {
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
