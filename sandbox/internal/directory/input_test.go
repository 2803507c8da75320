package directory_test

import (
	"testing"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// FuzzQuestions checks that a sign-up page can be made from the JSON that an administrator sends
// to Graph, and that it stores only values of the attribute's type.
func FuzzQuestions(f *testing.F) {
	attribute := directory.Attribute{App: "01234567-89ab-cdef-0123-456789abcdef", Name: "A"}
	flow := directory.UserFlow{Apps: []string{"app"}}
	input := directory.Input{
		Attribute: attribute.Property(),
		Type:      directory.SeveralInput,
		Write:     true,
		Options:   []directory.Option{{Value: "a"}, {Value: "b"}},
	}
	if err := flow.SetInput(input); err != nil {
		f.Fatal(err)
	}
	f.Add(flow.AttributeCollection, "a", "String")
	f.Add(flow.AttributeCollection, "9", "Int64")
	f.Add([]byte(`{"attributeCollectionPage":{"views":[null,{"inputs":null},{"inputs":[{}]}]}}`), "", "Boolean")
	f.Fuzz(func(t *testing.T, raw []byte, answer, kind string) {
		d := directory.State{Flows: []directory.UserFlow{{Apps: []string{"app"}, AttributeCollection: raw}}}
		app := d.ExtensionsApp(attribute.App)
		kind, ok := directory.AttributeType(kind)
		if !ok {
			return
		}
		d.Attributes = []directory.Attribute{{App: app.ID, Name: "A", Type: kind}}
		for _, q := range d.Questions("app") {
			stored, problem := q.Answer([]string{answer})
			if stored == nil || problem != "" {
				continue
			}
			if a, custom := d.AttributeOf(q.Property()); custom {
				if _, ok := a.ParseText(*stored); !ok {
					t.Errorf("%q was stored as %s", *stored, kind)
				}
			}
		}
		if err := d.Flows[0].SetInput(input); err != nil {
			t.Fatal(err)
		}
		if got, ok := d.Flows[0].Input(input.Attribute); !ok || got.Type != input.Type {
			t.Errorf("got %+v", got)
		}
	})
}
