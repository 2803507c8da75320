package tenantfile

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// field is a field of an object: its name, and where its value is.
type field struct {
	name  string
	value value
}

// value is the value of a field, in both directions. It points to the variable that
// holds it.
type value interface {
	// read sets the variable to the value of a node.
	read(n *yaml.Node, at path) error
	// node returns the node of the variable, or nil if the field is absent.
	node() *yaml.Node
}

type (
	textValue       string
	textsValue      []string
	numberValue     int
	flagValue       bool
	timeValue       time.Time
	bytesValue      []byte
	propertiesValue map[string]*string
)

func (v *textValue) read(n *yaml.Node, at path) error {
	text, err := scalar(n, at)
	*v = textValue(text)
	return err
}

func (v *textValue) node() *yaml.Node {
	if *v == "" {
		return nil
	}
	return textNode(string(*v))
}

func (v *textsValue) read(n *yaml.Node, at path) error {
	items, err := sequence(n, at)
	if err != nil {
		return err
	}
	*v = make([]string, len(items))
	for i, item := range items {
		if (*v)[i], err = scalar(item, at.item(i)); err != nil {
			return err
		}
	}
	return nil
}

func (v *textsValue) node() *yaml.Node {
	if *v == nil {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, text := range *v {
		n.Content = append(n.Content, textNode(text))
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}

func (v *numberValue) read(n *yaml.Node, at path) error {
	number, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil {
		return at.error(n, "must be a whole number")
	}
	*v = numberValue(number)
	return nil
}

func (v *numberValue) node() *yaml.Node {
	if *v == 0 {
		return nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.Itoa(int(*v))}
}

func (v *flagValue) read(n *yaml.Node, at path) error {
	var on bool
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&on) != nil {
		return at.error(n, "must be true or false")
	}
	*v = flagValue(on)
	return nil
}

func (v *flagValue) node() *yaml.Node {
	if !*v {
		return nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: "true"}
}

// switchValue is a flag that can be absent.
type switchValue struct{ of **bool }

func (v switchValue) read(n *yaml.Node, at path) error {
	var on flagValue
	if err := on.read(n, at); err != nil {
		return err
	}
	*v.of = (*bool)(&on)
	return nil
}

func (v switchValue) node() *yaml.Node {
	if *v.of == nil {
		return nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatBool(**v.of)}
}

func (v *timeValue) read(n *yaml.Node, at path) error {
	t, err := time.Parse(time.RFC3339Nano, n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		return at.error(n, "must be a time such as 2030-01-02T03:04:05Z")
	}
	*v = timeValue(t)
	return nil
}

func (v *timeValue) node() *yaml.Node {
	t := time.Time(*v)
	if t.IsZero() {
		return nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: t.Format(time.RFC3339Nano)}
}

func (v *bytesValue) read(n *yaml.Node, at path) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		return at.error(n, "must be base64")
	}
	*v = raw
	return nil
}

func (v *bytesValue) node() *yaml.Node {
	if len(*v) == 0 {
		return nil
	}
	return textNode(base64.StdEncoding.EncodeToString(*v))
}

func (v *propertiesValue) read(n *yaml.Node, at path) error {
	pairs, err := mapping(n, at)
	if err != nil {
		return err
	}
	*v = map[string]*string{}
	for _, p := range pairs {
		if isNull(p.value) {
			(*v)[p.name] = nil
			continue
		}
		text, err := scalar(p.value, at.member(p.name))
		if err != nil {
			return err
		}
		(*v)[p.name] = &text
	}
	return nil
}

func (v *propertiesValue) node() *yaml.Node {
	if *v == nil {
		return nil
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, name := range slices.Sorted(maps.Keys(*v)) {
		text := &yaml.Node{Kind: yaml.ScalarNode, Value: "null"}
		if (*v)[name] != nil {
			text = textNode(*(*v)[name])
		}
		n.Content = append(n.Content, textNode(name), text)
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}
