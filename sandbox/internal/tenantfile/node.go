package tenantfile

import (
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// pair is an entry of a mapping.
type pair struct {
	name       string
	key, value *yaml.Node
}

// mapping returns the entries of a mapping with distinct names. An absent mapping
// has none.
func mapping(n *yaml.Node, at path) ([]pair, error) {
	if n.Kind != yaml.MappingNode {
		return nil, at.error(n, "must be a mapping of names to values")
	}
	var pairs []pair
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		p := pair{key: n.Content[i], value: resolve(n.Content[i+1])}
		name, err := scalar(p.key, at)
		if err != nil {
			return nil, err
		}
		if p.name = name; seen[name] {
			return nil, at.member(name).error(p.key, "appears twice")
		}
		seen[name] = true
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// sequence returns the items of a list.
func sequence(n *yaml.Node, at path) ([]*yaml.Node, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, at.error(n, "must be a list")
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		items[i] = resolve(item)
	}
	return items, nil
}

// scalar returns a text. A number, a time or a boolean without quotes is the text as
// it is written.
func scalar(n *yaml.Node, at path) (string, error) {
	n = resolve(n)
	texts := []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}
	if n.Kind != yaml.ScalarNode || !slices.Contains(texts, n.ShortTag()) {
		return "", at.error(n, "must be a text")
	}
	return n.Value, nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// resolve returns the node that an alias stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// textNode returns the node of a text. Text of several plain lines, such as PEM, is
// written as a block; other text with unusual characters is quoted, because a block
// does not keep all of them.
func textNode(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	plain := func(r rune) bool { return r == '\n' || r >= ' ' && r < unicode.MaxASCII }
	control := func(r rune) bool { return unicode.IsControl(r) || !unicode.IsPrint(r) }
	switch {
	case strings.HasSuffix(s, "\n") && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) &&
		!strings.Contains(s, "\n\n") && !strings.HasPrefix(s, " ") && !strings.HasPrefix(s, "\n"):
		n.Style = yaml.LiteralStyle
	case strings.ContainsFunc(s, control):
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func find(fields []field, name string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}

func names(fields []field) string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return strings.Join(all, ", ")
}
