package sandboxcmd

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newAttribute(m manager) *cobra.Command {
	c := &cobra.Command{
		Use:   "attribute",
		Short: "Manage the custom attributes of a running sandbox",
		Long: `List or change the custom attributes of a running sandbox. With --ask, or with a
flag that needs it, sign-up pages ask for the attribute.

The mid-tier changes only the attributes in the file of "sandbox --attributes".`,
		Example: `  profilectl sandbox attribute
  profilectl sandbox attribute add LoyaltyNumber --label "Loyalty number" \
    --pattern '^[0-9]{4}$'
  profilectl sandbox attribute add Diet --option vegan=Vegan \
    --option none=Everything
  profilectl sandbox attribute add Points --type int64
  profilectl sandbox attribute remove Diet`,
		Args: cobra.NoArgs,
		RunE: m.run(listAttributes),
	}
	c.AddCommand(newAttributeAdd(m),
		&cobra.Command{
			Use:     "list",
			Short:   "List the custom attributes",
			Example: "  profilectl sandbox attribute list -o json",
			Args:    cobra.NoArgs,
			RunE:    m.run(listAttributes),
		}, &cobra.Command{
			Use:               "remove ATTRIBUTE",
			Short:             "Remove an attribute, with the values that users have",
			Example:           "  profilectl sandbox attribute remove Diet",
			Args:              cobra.ExactArgs(1),
			ValidArgsFunction: command.FirstArgument(m.attributes()),
			RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
				property, err := findAttribute(ctx, c, args[0])
				if err != nil {
					return err
				}
				if err := c.RemoveAttribute(ctx, property); err != nil {
					return err
				}
				return removed(p, args[0])
			}),
		})
	return c
}

// findAttribute returns the property of the attribute with a name or a property. If there
// is none, it returns its argument, which the sandbox then rejects.
func findAttribute(ctx context.Context, c *control.Client, name string) (string, error) {
	all, err := c.Attributes(ctx)
	for _, a := range all {
		if strings.EqualFold(a.Name, name) {
			return a.Property, err
		}
	}
	return name, err
}

func newAttributeAdd(m manager) *cobra.Command {
	attribute := control.Attribute{}
	var ask, several bool
	var options []string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Define a custom attribute of users",
		Example: `  profilectl sandbox attribute add Newsletter --type boolean --ask
  profilectl sandbox attribute add Interests --several --option music \
    --option art=Art`,
		Args: cobra.ExactArgs(1),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			attribute.Name = args[0]
			for _, o := range options {
				value, label, _ := strings.Cut(o, "=")
				attribute.Options = append(attribute.Options, control.Option{Value: value, Label: label})
			}
			if ask || several || attribute.Required || attribute.Pattern != "" || len(options) > 0 {
				attribute.Input = inputOf(attribute, several)
			}
			added, err := c.AddAttribute(ctx, attribute)
			if err != nil {
				return err
			}
			return p.Print(added, attributeTable(added))
		}),
	}
	f := c.Flags()
	f.StringVar(&attribute.Label, "label", "", "`text` that users see (default: the name)")
	f.StringVar(&attribute.Type, "type", "string", "data `type`: string, boolean or int64")
	f.BoolVar(&ask, "ask", false, "ask for it at sign-up")
	f.BoolVar(&attribute.Required, "required", false, "require an answer at sign-up")
	f.StringVar(&attribute.Pattern, "pattern", "", "regular `expression` that an answer must match")
	f.StringArrayVar(&options, "option", nil, "`choice`: VALUE or VALUE=LABEL (repeatable)")
	f.BoolVar(&several, "several", false, "allow several options")
	command.Complete(c, "type", cobra.FixedCompletions([]cobra.Completion{"string", "boolean", "int64"},
		cobra.ShellCompDirectiveNoFileComp))
	return c
}

// inputOf returns how sign-up pages ask for an attribute.
func inputOf(a control.Attribute, several bool) string {
	switch {
	case several:
		return "checkboxMultiSelect"
	case len(a.Options) > 0:
		return "radioSingleSelect"
	case a.Type == "boolean":
		return "checkboxSingleSelect"
	}
	return "text"
}

func listAttributes(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
	attributes, err := c.Attributes(ctx)
	if err != nil {
		return err
	}
	return p.Print(attributes, attributeTable(attributes...))
}

func attributeTable(attributes ...control.Attribute) output.Table {
	t := output.Table{Columns: []string{"PROPERTY", "TYPE", "LABEL", "SIGN-UP"}, Whole: []string{"PROPERTY", "SIGN-UP"}}
	for _, a := range attributes {
		asked := cmp.Or(a.Input, "no")
		if a.Required {
			asked += ", required"
		}
		t.Rows = append(t.Rows, []string{a.Property, a.Type, a.Label, asked})
	}
	return t
}
