package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// yaml prints JSON as YAML in block style, in the same order. The JSON is not read as
// the YAML that it almost is: YAML knows no surrogate pairs, and rejects some characters
// and long names.
func (p Printer) yaml(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	n, err := node(decoder)
	if err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	var b bytes.Buffer
	if p.Lines {
		b.WriteString("---\n")
	}
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(n), encoder.Close()); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	_, err = p.Out.Write(p.safe(b.Bytes()))
	return err
}

// node reads the next JSON value as a YAML node.
func node(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		return collection(decoder, v)
	case string:
		return text(v), nil
	case json.Number:
		return number(v), nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(v)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

// collection reads the rest of an object or an array.
func collection(decoder *json.Decoder, open json.Delim) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if open == '{' {
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	}
	for decoder.More() {
		child, err := node(decoder) // names and values take turns in an object
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	_, err := decoder.Token() // the closing delimiter
	return n, err
}

// text returns a string. The encoder quotes it if YAML would read another type.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// number returns a number as it is written in the JSON.
func number(v json.Number) *yaml.Node {
	tag := "!!float"
	if _, err := v.Int64(); err == nil {
		tag = "!!int"
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v.String()}
}
