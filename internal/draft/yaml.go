package draft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const onePerLine = "write one field and its value on each line, for example city: Bern"

// readYAML reads a mapping of properties. Its fault names all errors.
func (d Draft) readYAML(text []byte) error {
	root, err := parse(text)
	if err != nil || root == nil {
		return err
	}
	var broken complaints
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		broken.note(key.Line, d.putNode(key, value))
	}
	return broken.fault()
}

// parse returns the mapping of the only document, or nil if the document is empty.
func parse(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, invalid("it is not YAML: "+parserMessage(err), onePerLine+"; quote values that contain a colon")
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, invalid("it holds more than one document", "remove everything after the line ---")
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, invalid(fmt.Sprintf("line %d names no field", root.Line), onePerLine)
	}
	return root, nil
}

// parserMessage returns the parser's message without its prefix. It contains no
// values of the document.
func parserMessage(err error) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: "), "\n")
	return text
}

// putNode adds the property of one key.
func (d Draft) putNode(key, node *yaml.Node) error {
	field, _, known := d.resolve(key.Value)
	if known && (key.Anchor != "" || anchored(node)) {
		return invalid(field.Short()+" uses a YAML anchor", "write the value out")
	}
	return d.put(key.Value, key.Line, canonical(node))
}

// anchored reports whether a value has an anchor or an alias anywhere.
func anchored(n *yaml.Node) bool {
	return n.Anchor != "" || n.Kind == yaml.AliasNode || slices.ContainsFunc(n.Content, anchored)
}

// canonical returns a value as the JSON decoder would: nil, bool, json.Number, string,
// []any or map[string]any. A date becomes a timestamp. A scalar with a tag that JSON does
// not know, such as !!binary, becomes a value that equals no JSON value.
func canonical(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			object[n.Content[i].Value] = canonical(n.Content[i+1])
		}
		return object
	case yaml.SequenceNode:
		list := []any{}
		for _, child := range n.Content {
			list = append(list, canonical(child))
		}
		return list
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!str":
		return n.Value
	case "!!bool":
		return n.Value == "true"
	case "!!int", "!!float":
		return json.Number(n.Value)
	case "!!timestamp":
		return timestamp(n.Value)
	}
	return foreign{n.Tag}
}

// timestamp is a date without quotes. In a read-only property it is text, as in JSON.
type timestamp string

// foreign is a value that JSON cannot represent.
type foreign struct{ tag string }
