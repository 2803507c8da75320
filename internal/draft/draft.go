// Package draft reads an edit that a user wrote in YAML or JSON, and writes the draft that
// they start from in an editor.
//
//	displayName: Ada L.     a new value
//	city:                   no value: the field is cleared
//	                        a field that is absent stays as it is
//
// Several choices are a list, or text with commas. A draft may hold the whole profile, as
// "show" prints it. A value that equals the one in the profile is not a change: it may
// break a rule, or belong to a property that cannot be edited. Errors name the line, and
// all of them are reported at once. Anchors, aliases, tags and several documents are not
// allowed.
package draft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

// Limit is the size limit of a draft in bytes, five times the longest values of all
// ten built-in fields.
const Limit = 64 << 10

// Draft is an edit that a user wrote. Its values are as they were written; see Against.
type Draft struct {
	schema   profile.Schema
	change   profile.Change
	readOnly map[string]any // see canonical
	lines    map[string]int // of each property; empty for JSON
}

// Read reads a draft of the fields of a schema. Every fault that it returns is Invalid,
// and wraps profile.ErrUnknown if the draft names other fields too. An empty text is an
// empty draft.
func Read(schema profile.Schema, data []byte) (Draft, error) {
	text, err := plainText(data)
	if err != nil {
		return Draft{}, err
	}
	d := Draft{schema: schema, change: profile.Change{}, readOnly: map[string]any{}, lines: map[string]int{}}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return d, d.readJSON(text)
	}
	return d, d.readYAML(text)
}

// plainText returns the text without a byte order mark, or a fault that names what the
// file is instead.
func plainText(data []byte) ([]byte, error) {
	switch {
	case len(data) > Limit:
		const fix = "keep only fields and values, one on each line"
		return nil, invalid(fmt.Sprintf("it has more than %d KB", Limit>>10), fix)
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, invalid("it is UTF-16", "save it as UTF-8")
	case bytes.IndexByte(data, 0) >= 0:
		return nil, invalid("it is a binary file", "use a text file with YAML or JSON")
	case !utf8.Valid(data):
		return nil, invalid("it is not UTF-8", "save it as UTF-8")
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

// Empty reports whether the draft names no property.
func (d Draft) Empty() bool { return len(d.change) == 0 && len(d.readOnly) == 0 }

// ReadOnly returns the names of the properties in the draft that cannot be edited.
func (d Draft) ReadOnly() []string { return slices.Sorted(maps.Keys(d.readOnly)) }

// Against returns the change that turns the current profile into the draft. The profile is
// given as the editable values by Graph's name, and a func that returns the JSON of any
// property, or nil. The change is normalized and valid, and empty if nothing differs. An
// Invalid fault names the values that break a rule, and the changed properties that cannot
// be edited.
func (d Draft) Against(current map[string]*string, property func(string) json.RawMessage) (profile.Change, error) {
	var broken complaints
	for _, name := range d.ReadOnly() {
		if !reflect.DeepEqual(d.readOnly[name], canonicalJSON(property(name))) {
			const fix = "remove it, or restore its value"
			broken.note(d.lines[name], invalid(profile.Short(name)+" cannot be changed", fix))
		}
	}
	change := d.schema.Against(d.change, current)
	broken.noteFields(d, change)
	if err := broken.fault(); err != nil {
		return nil, err
	}
	return change, nil
}

// Check checks the values of fields before the profile is known. The fault is the one of
// Against for a profile with other values. Final reports whether that holds for every
// profile, because none can hold one of the values.
func (d Draft) Check() (final bool, err error) {
	var broken complaints
	change := d.schema.Clean(d.change)
	broken.noteFields(d, change)
	return d.schema.Impossible(change), broken.fault()
}

// put adds a property with its value: nil for no value.
func (d Draft) put(name string, line int, value any) error {
	field, editable, known := d.resolve(name)
	if !known {
		return d.schema.Clear(d.change, name) // returns a fault that suggests a name
	}
	name = field.Name
	if _, given := d.lines[name]; given {
		return invalid(field.Short()+" is given twice", "give it once")
	}
	d.lines[name] = line
	if date, ok := value.(timestamp); ok && (!editable || field.Kind != profile.Text) {
		value = string(date)
	}
	if !editable {
		d.readOnly[name] = value
		return nil
	}
	if value == nil {
		return d.schema.Clear(d.change, name)
	}
	text, ok := textOf(field, value)
	if !ok {
		return invalid(field.Short()+" is not text", "put the value in quotes")
	}
	return d.schema.Set(d.change, name, text)
}

// textOf returns a value as text. A text must be one in the draft too: YAML and JSON would
// change a number such as 007. Several choices may also be a list.
func textOf(f profile.Field, value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), f.Kind != profile.Text
	case json.Number:
		return v.String(), f.Kind != profile.Text
	case []any:
		var parts []string
		for _, each := range v {
			part, isText := each.(string)
			if !isText {
				return "", false
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, ","), f.Kind == profile.Choices
	}
	return "", false
}

// resolve returns the property that a name in a draft means.
func (d Draft) resolve(name string) (field profile.Field, editable, known bool) {
	if f, ok := d.schema.Lookup(name); ok {
		return f, !f.ReadOnly, true
	}
	return profile.Field{Name: name}, false, slices.Contains(profile.ReadOnly(), name)
}

// complaints collects the errors of a draft.
type complaints []complaint

type complaint struct {
	line  int // 0 for none
	fault *fault.Error
}

// note adds an error about a line, or nothing if err is nil.
func (c *complaints) note(line int, err error) {
	if err != nil {
		*c = append(*c, complaint{line, fault.As(err)})
	}
}

// noteFields adds the errors in a change that the draft describes.
func (c *complaints) noteFields(d Draft, change profile.Change) {
	for _, name := range d.schema.Changed(change) {
		c.note(d.lines[name], d.schema.CheckField(change, name))
	}
}

// fault returns all errors as one, in the order of their lines, or nil if there is none.
func (c complaints) fault() error {
	if len(c) == 0 {
		return nil
	}
	slices.SortStableFunc(c, func(a, b complaint) int { return a.line - b.line })
	var what, fix []string
	for _, each := range c {
		prefix := ""
		if each.line > 0 {
			prefix = fmt.Sprintf("line %d: ", each.line)
		}
		what = append(what, prefix+each.fault.What)
		if text := prefix + each.fault.Fix; !slices.Contains(fix, text) {
			fix = append(fix, text)
		}
	}
	joined := &fault.Error{Kind: fault.Invalid, What: join(what), Fix: join(fix)}
	if slices.ContainsFunc(c, func(each complaint) bool { return errors.Is(each.fault, profile.ErrUnknown) }) {
		joined.Err = profile.ErrUnknown
	}
	return joined
}

func invalid(what, fix string) error {
	return &fault.Error{Kind: fault.Invalid, What: what, Fix: fix}
}
