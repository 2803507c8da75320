// Package draft reads an edit that a person wrote down, in YAML or JSON, and
// writes the one that they start from in an editor.
//
//	displayName: Ada L.     a new value
//	city:                   no value: the field is cleared
//	                        a field that is not there stays as it is
//
// What is wrong is told with its line, all of it at once. A draft is small and
// flat: anchors, aliases, tags, lists and several documents have no place in it.
package draft

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

// Limit is how many bytes a draft may have: all ten fields at their longest
// come to a fifth of that.
const Limit = 64 << 10

// Read returns the change that a draft asks for, held against the rules. Every
// fault is Invalid. A draft without any field is an empty change.
func Read(data []byte) (profile.Change, error) {
	text, err := plainText(data)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return readJSON(text)
	}
	root, err := parse(text)
	if err != nil || root == nil {
		return profile.Change{}, err
	}
	return fields(root)
}

// plainText returns the text without a byte order mark, or says what the file
// is instead.
func plainText(data []byte) ([]byte, error) {
	switch {
	case len(data) > Limit:
		return nil, invalid(fmt.Sprintf("it has more than %d KB", Limit>>10), "name fields and values, one a line; nothing else belongs there")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, invalid("it is UTF-16", "save it as UTF-8")
	case bytes.IndexByte(data, 0) >= 0:
		return nil, invalid("it is a binary file", "give a text file with YAML or JSON")
	case !utf8.Valid(data):
		return nil, invalid("it is not UTF-8", "save it as UTF-8")
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

// readJSON takes the mid-tier's own form. An object without members is an empty
// change, as an empty YAML document is.
func readJSON(text []byte) (profile.Change, error) {
	if strings.Join(strings.Fields(string(text)), "") == "{}" {
		return profile.Change{}, nil
	}
	change, err := profile.Decode(text)
	if err == nil {
		return change, nil
	}
	f := fault.As(err)
	return nil, invalid(f.What, f.Fix)
}

// parse returns the one mapping of the document, or nil for an empty one.
func parse(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, invalid("it is not YAML: "+complaint(err), "write a field and its value on each line, as city: Bern; quote values that hold a colon")
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, invalid("it holds more than one document", "remove what follows the line ---")
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, invalid(fmt.Sprintf("line %d names no field", root.Line), "write a field and its value on each line, as city: Bern")
	}
	return root, nil
}

// complaint is the parser's message without its prefix; it quotes no values.
func complaint(err error) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: "), "\n")
	return text
}

// fields reads the mapping. All that is wrong is told at once.
func fields(root *yaml.Node) (profile.Change, error) {
	change := profile.Change{}
	var wrong complaints
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		wrong.note(key.Line, field(change, key, value))
	}
	if err := wrong.fault(); err != nil {
		return nil, err
	}
	if len(change) == 0 {
		return change, nil
	}
	return change, lines(change.Check(), root)
}

// field takes one line over into the change.
func field(change profile.Change, key, value *yaml.Node) error {
	f, known := profile.Lookup(key.Value)
	if key.Kind != yaml.ScalarNode || !known {
		return profile.Change{}.Clear(key.Value) // which says what it could have been
	}
	if _, twice := change[f.Name]; twice {
		return &fault.Error{Kind: fault.Invalid, What: f.Name + " is given twice", Fix: "give it once"}
	}
	if key.Anchor != "" || value.Anchor != "" || value.Kind == yaml.AliasNode {
		return &fault.Error{Kind: fault.Invalid, What: f.Name + " uses a YAML anchor", Fix: "write the value out"}
	}
	switch {
	case value.Kind == yaml.ScalarNode && value.Tag == "!!null":
		return change.Clear(f.Name)
	case value.Kind == yaml.ScalarNode && value.Tag == "!!str":
		return change.Set(f.Name, value.Value)
	}
	return &fault.Error{Kind: fault.Invalid, What: f.Name + " is not text", Fix: "put the value in quotes"}
}

// complaints collects what is wrong.
type complaints struct{ whats, fixes []string }

func (c *complaints) note(line int, err error) {
	if err == nil {
		return
	}
	f := fault.As(err)
	c.whats = append(c.whats, fmt.Sprintf("line %d: %s", line, f.What))
	c.fixes = append(c.fixes, fmt.Sprintf("line %d: %s", line, f.Fix))
}

func (c *complaints) fault() error {
	if len(c.whats) == 0 {
		return nil
	}
	return invalid(strings.Join(c.whats, "; "), strings.Join(c.fixes, "; "))
}

// lines says where the values stand that break their rules.
func lines(broken error, root *yaml.Node) error {
	if broken == nil {
		return nil
	}
	var wrong complaints
	for i := 0; i+1 < len(root.Content); i += 2 {
		change := profile.Change{}
		if err := field(change, root.Content[i], root.Content[i+1]); err == nil {
			wrong.note(root.Content[i].Line, change.Check())
		}
	}
	return wrong.fault()
}

func invalid(what, fix string) error {
	return &fault.Error{Kind: fault.Invalid, What: what, Fix: fix}
}
