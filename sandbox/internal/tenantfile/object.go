package tenantfile

import "go.yaml.in/yaml/v3"

// objectValue is a field that holds an object, or nil.
type objectValue[T any] struct {
	of     **T
	fields func(*T) []field
}

func object[T any](of **T, fields func(*T) []field) value { return objectValue[T]{of, fields} }

func (v objectValue[T]) read(n *yaml.Node, at path) error {
	*v.of = new(T)
	return readFields(n, at, v.fields(*v.of))
}

func (v objectValue[T]) node() *yaml.Node {
	if *v.of == nil {
		return nil
	}
	return fieldsNode(v.fields(*v.of))
}

// listValue is a field that holds a list of objects.
type listValue[T any] struct {
	of     *[]T
	fields func(*T) []field
}

func list[T any](of *[]T, fields func(*T) []field) value { return listValue[T]{of, fields} }

func (v listValue[T]) read(n *yaml.Node, at path) error {
	items, err := sequence(n, at)
	if err != nil {
		return err
	}
	*v.of = make([]T, len(items))
	for i, item := range items {
		if err := readFields(item, at.item(i), v.fields(&(*v.of)[i])); err != nil {
			return err
		}
	}
	return nil
}

func (v listValue[T]) node() *yaml.Node {
	if len(*v.of) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range *v.of {
		n.Content = append(n.Content, fieldsNode(v.fields(&(*v.of)[i])))
	}
	return n
}

// readFields reads an object. Null is the same as an absent field.
func readFields(n *yaml.Node, at path, fields []field) error {
	pairs, err := mapping(n, at)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		f, known := find(fields, p.name)
		if !known {
			return at.member(p.name).error(p.key, "is not a field; the fields are "+names(fields))
		}
		if _, properties := f.value.(*propertiesValue); isNull(p.value) && !properties {
			continue
		}
		if err := f.value.read(p.value, at.member(p.name)); err != nil {
			return err
		}
	}
	return nil
}

func fieldsNode(fields []field) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fields {
		if v := f.value.node(); v != nil {
			n.Content = append(n.Content, textNode(f.name), v)
		}
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}
