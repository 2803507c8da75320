package attributes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/nearest"
	"github.com/profilectl/profilectl/internal/profile"
)

// safe is the largest integer that every JSON parser reads exactly: JavaScript's
// Number.MAX_SAFE_INTEGER (RFC 8259, 6).
const safe = 1<<53 - 1

// longest is the largest maximum length of a text (learn.microsoft.com, "Service limits"
// of external tenants).
const longest = 250

// attribute returns the field that one entry of the list describes. Only what depends on
// the file is checked here; the rules of a field are those of profile.Schema.With.
func (f file) attribute(node *yaml.Node) (field profile.Field, err error) {
	keys, err := f.keys(node, "name", "label", "type", "max", "min", "values", "edit", "clear")
	if err != nil {
		return field, err
	}
	for _, required := range []string{"name", "label", "type"} {
		if keys[required] == nil {
			return field, f.wrong(node, "the attribute has no "+required, "add "+required)
		}
	}
	if field.Name, err = f.text(keys, "name"); err != nil {
		return field, err
	}
	if field.Label, err = f.text(keys, "label"); err != nil {
		return field, err
	}
	if err := f.access(keys, &field); err != nil {
		return field, err
	}
	return field, f.kind(keys, &field)
}

// access reads who may do what with the attribute.
func (f file) access(keys map[string]*yaml.Node, field *profile.Field) error {
	edit, err := f.boolean(keys, "edit")
	if err != nil {
		return err
	}
	clearable, err := f.boolean(keys, "clear")
	if err != nil {
		return err
	}
	if clearable && !edit {
		return f.wrong(keys["clear"], "clear has no effect without edit", "add edit: true, or remove clear")
	}
	field.ReadOnly, field.Keep = !edit, !clearable
	return nil
}

// kind reads the type of the attribute, and the keys that only some types have.
func (f file) kind(keys map[string]*yaml.Node, field *profile.Field) error {
	name, err := f.text(keys, "type")
	if err != nil {
		return err
	}
	kind, ok := profile.ParseKind(name)
	if !ok {
		const fix = "use string, boolean, integer, choice or choices"
		return f.wrong(keys["type"], "type "+quote(name)+" is not known", fix)
	}
	field.Kind = kind
	for _, key := range []string{"max", "min", "values"} {
		if keys[key] != nil && !slices.Contains(keysOf(kind), key) {
			return f.wrong(keys[key], "an attribute of type "+name+" has no "+key, "remove "+key)
		}
	}
	switch kind {
	case profile.Text:
		return f.length(keys, field)
	case profile.Integer:
		return f.limits(keys, field)
	case profile.Choice, profile.Choices:
		field.Values, err = f.values(keys)
	}
	return err
}

// keysOf returns the keys that only attributes of some types have, for a type.
func keysOf(kind profile.Kind) []string {
	switch kind {
	case profile.Text:
		return []string{"max"}
	case profile.Integer:
		return []string{"min", "max"}
	case profile.Choice, profile.Choices:
		return []string{"values"}
	default:
		return nil
	}
}

// length reads the maximum length of a text.
func (f file) length(keys map[string]*yaml.Node, field *profile.Field) error {
	limit, err := f.integer(keys, "max")
	if err != nil || limit == nil {
		return err
	}
	if *limit < 1 || *limit > longest {
		return f.wrong(keys["max"], fmt.Sprintf("max must be between 1 and %d", longest), "correct max")
	}
	field.Max = int(*limit)
	return nil
}

// limits reads the limits of an integer. By default they are those of JavaScript, because
// a client in JavaScript would change larger numbers.
func (f file) limits(keys map[string]*yaml.Node, field *profile.Field) error {
	for _, limit := range []struct {
		key   string
		field **int64
		value int64
	}{
		{"min", &field.MinInt, -safe},
		{"max", &field.MaxInt, safe},
	} {
		given, err := f.integer(keys, limit.key)
		switch {
		case err != nil:
			return err
		case given == nil:
			given = &limit.value
		case *given < -safe || *given > safe:
			what := fmt.Sprintf("%s must be between -%d and %d", limit.key, safe, safe)
			return f.wrong(keys[limit.key], what, "correct "+limit.key)
		}
		*limit.field = given
	}
	return nil
}

// values reads the choices of an attribute. The label of a choice is its value unless the
// file has another one.
func (f file) values(keys map[string]*yaml.Node) ([]profile.Value, error) {
	list := keys["values"]
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		at := list
		if at == nil {
			at = keys["type"]
		}
		return nil, f.wrong(at, "values is not a list with at least one choice", "list the choices in values")
	}
	var values []profile.Value
	for _, node := range list.Content {
		choice, err := f.keys(node, "value", "label")
		if err != nil {
			return nil, err
		}
		if choice["value"] == nil {
			return nil, f.wrong(node, "the choice has no value", "add value")
		}
		var v profile.Value
		if v.Value, err = f.text(choice, "value"); err != nil {
			return nil, err
		}
		v.Label = v.Value
		if choice["label"] != nil {
			if v.Label, err = f.text(choice, "label"); err != nil {
				return nil, err
			}
		}
		values = append(values, v)
	}
	return values, nil
}

// keys returns the values of a mapping by key. It rejects unknown and repeated keys.
func (f file) keys(node *yaml.Node, known ...string) (map[string]*yaml.Node, error) {
	if node.Kind != yaml.MappingNode {
		what := "a mapping with the key " + known[0] + " is expected"
		return nil, f.wrong(node, what, "write "+known[0]+": and its value")
	}
	if err := f.plain(node); err != nil {
		return nil, err
	}
	keys := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value) {
			return nil, f.unknown(key, known)
		}
		if keys[key.Value] != nil {
			return nil, f.wrong(key, key.Value+" is given twice", "give it once")
		}
		if err := f.plain(value); err != nil {
			return nil, err
		}
		keys[key.Value] = value
	}
	return keys, nil
}

func (f file) unknown(key *yaml.Node, known []string) error {
	fix := "use one of " + strings.Join(known, ", ")
	if near := nearest.To(key.Value, known); near != "" {
		fix = "did you mean " + near + "?"
	}
	return f.wrong(key, quote(key.Value)+" is not a known key", fix)
}

// plain rejects what makes one part of a file depend on another, or on a program.
func (f file) plain(node *yaml.Node) error {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return f.wrong(node, "anchors and aliases are not allowed", "write the value where it is used")
	case node.Style&yaml.TaggedStyle != 0:
		return f.wrong(node, "tags are not allowed", "remove the tag")
	}
	return nil
}

// text returns the text of a key.
func (f file) text(keys map[string]*yaml.Node, key string) (string, error) {
	node := keys[key]
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str" {
		return "", f.wrong(node, key+" is not text", "put it in quotes")
	}
	return node.Value, nil
}

// boolean returns the boolean of a key, or false if the key is absent.
func (f file) boolean(keys map[string]*yaml.Node, key string) (bool, error) {
	node := keys[key]
	switch {
	case node == nil:
		return false, nil
	case node.Kind == yaml.ScalarNode && node.ShortTag() == "!!bool":
		return strings.EqualFold(node.Value, "true"), nil
	}
	return false, f.wrong(node, key+" is neither true nor false", "write true or false")
}

// integer returns the integer of a key, or nil if the key is absent. Only decimal digits
// with a sign are accepted, not the other notations of YAML.
func (f file) integer(keys map[string]*yaml.Node, key string) (*int64, error) {
	node := keys[key]
	if node == nil {
		return nil, nil
	}
	n, err := strconv.ParseInt(node.Value, 10, 64)
	if err != nil || node.Kind != yaml.ScalarNode || node.ShortTag() != "!!int" {
		return nil, f.wrong(node, key+" is not a whole number", "write digits, without quotes")
	}
	return &n, nil
}

// quote quotes a text of the file for a message, shortened.
func quote(text string) string {
	const limit = 64 // characters
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return strconv.Quote(text)
}
