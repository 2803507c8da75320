// Package output prints a command's result: a table for people, JSON or YAML
// for programs, or what a jq or JMESPath expression picks out of the JSON. The
// three forms say the same: YAML has the names and the order of the JSON.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
)

// Format is how a result is printed.
type Format string

// The formats.
const (
	FormatTable Format = "table"
	FormatJSON  Format = "json"
	FormatYAML  Format = "yaml"
)

// ParseFormat reads the value of --output.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(s)); f {
	case FormatTable, FormatJSON, FormatYAML:
		return f, nil
	}
	return "", &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("%q is no output format", s), Fix: "use --output table, json or yaml"}
}

// Printer prints results. All fields but JQ and Query must be set.
type Printer struct {
	Out    io.Writer
	Format Format
	TTY    bool   // Out is a terminal: columns are aligned; otherwise tabs separate them
	Width  int    // of the terminal, in columns
	JQ     string // prints what this picks, whatever Format says
	Query  string // prints what this picks, as Format says
}

// Plain tells whether people read what is printed: no data was asked for.
func (p Printer) Plain() bool { return p.Format == FormatTable && p.JQ == "" && p.Query == "" }

// Print prints v. The table is what people see of it.
func (p Printer) Print(v any, t Table) error {
	if p.JQ != "" && p.Query != "" {
		return &fault.Error{Kind: fault.Usage, What: "--jq and --query cannot be used together", Fix: "use one of them"}
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

// marshal writes JSON without HTML's escapes. Raw JSON passes through.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return b.Bytes(), err
}

func (p Printer) json(raw []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(raw), "", "  "); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	b.WriteByte('\n')
	_, err := p.Out.Write(b.Bytes())
	return err
}

// yaml reads the JSON as the YAML it is, and prints it in block style.
func (p Printer) yaml(raw []byte) error {
	var n yaml.Node
	if err := yaml.Unmarshal(raw, &n); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	block(&n)
	encoder := yaml.NewEncoder(p.Out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&n); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return encoder.Close()
}

// block undoes JSON's style; the encoder quotes what YAML would read otherwise.
func block(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		block(child)
	}
}
