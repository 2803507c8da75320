package profile

// Difference is one field that an edit changes. Nil stands for no value.
type Difference struct {
	Field  string  `json:"field"`
	Before *string `json:"before"`
	After  *string `json:"after"`
}

// Diff returns what the change alters in a profile whose values are given by
// Graph's property name, in the order of Fields. Values that are already there
// are left out: sending them would change nothing.
func (c Change) Diff(current map[string]*string) []Difference {
	var diff []Difference
	for _, name := range c.Names() {
		before, after := current[name], c[name]
		if !equal(before, after) {
			diff = append(diff, Difference{Field: name, Before: before, After: after})
		}
	}
	return diff
}

// Only returns the part of the change that the differences name.
func (c Change) Only(diff []Difference) Change {
	part := Change{}
	for _, d := range diff {
		part[d.Field] = d.After
	}
	return part
}

func equal(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
