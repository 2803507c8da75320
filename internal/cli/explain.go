package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/explain"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/wrap"
)

type explainOptions struct {
	List bool
}

func (o *explainOptions) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.List, "list", false, "list the known codes")
}

// explanation is what explain prints about a code.
type explanation struct {
	Code    string `json:"code"`
	Meaning string `json:"meaning"`
	Cause   string `json:"cause"` // empty if the code is unknown
	Fix     string `json:"fix"`
	Link    string `json:"link"`
}

func newExplain(env command.Env, g *command.Globals) *cobra.Command {
	var o explainOptions
	c := &cobra.Command{
		Use:   "explain [CODE | TEXT | -]",
		Short: "Explain an error code of Entra or Microsoft Graph",
		Long: `Print the meaning, the likely cause, the fix and Microsoft's page for an error
code. The argument may be a text that contains codes, such as an error page or a
log. With -, the text is read from standard input.

The JSON output is one object, or an array with --list or if the text has
several codes.`,
		Example: `  profilectl explain AADSTS50076
  profilectl explain "Sorry, but we're having trouble signing you in. AADSTS50011: …"
  journalctl -u profilectl | profilectl explain -
  profilectl explain Authorization_RequestDenied -o json --jq .fix
  profilectl explain --list`,
		RunE: func(c *cobra.Command, args []string) error { return runExplain(c.Context(), env, g, o, args) },
	}
	o.bind(c.Flags())
	c.ValidArgsFunction = command.FirstArgument(command.OneOf(codes()...))
	return c
}

func runExplain(ctx context.Context, env command.Env, g *command.Globals, o explainOptions, args []string) error {
	p, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	if o.List {
		if len(args) > 0 {
			return &fault.Error{Kind: fault.Usage, What: "--list lists every code", Fix: "omit --list, or the text"}
		}
		return listExplanations(env, g, p)
	}
	text, err := explainText(ctx, env, args)
	if err != nil {
		return err
	}
	found := explain.Find(text)
	if len(found) == 0 {
		return &fault.Error{
			Kind: fault.Usage,
			What: "no error code was found",
			Fix:  "give a code such as AADSTS50076, or a text that contains one",
			Next: fault.DoListCodes,
		}
	}
	return printExplanations(g, p, found)
}

// explainText returns the text that the arguments are or name.
func explainText(ctx context.Context, env command.Env, args []string) (string, error) {
	if len(args) != 1 || args[0] != "-" {
		return strings.Join(args, " "), nil
	}
	const most = 64 << 20 // bytes
	raw, err := env.ReadInput(ctx, "-", most+1)
	if err != nil {
		return "", fmt.Errorf("read text: %w", err)
	}
	if len(raw) > most {
		return "", &fault.Error{
			Kind: fault.Usage,
			What: "standard input has more than 64 MiB",
			Fix:  "pass a part of it, such as the output of tail",
		}
	}
	return string(raw), nil
}

func printExplanations(g *command.Globals, p output.Printer, entries []explain.Entry) error {
	var all []explanation
	for _, e := range entries {
		all = append(all, explained(g, e))
	}
	if !p.Plain() {
		if len(all) == 1 {
			return p.Print(all[0], output.Table{})
		}
		return p.Print(all, output.Table{})
	}
	for i, e := range all {
		if i > 0 {
			_, _ = fmt.Fprintln(p.Out)
		}
		width := command.WrapWidth(p.TTY, p.Width)
		text := wrap.Hang(e.Code+": ", e.Meaning, width) + "\n"
		if e.Cause != "" {
			text += wrap.Hang("  cause: ", e.Cause, width) + "\n"
		}
		text += wrap.Hang("  fix:   ", e.Fix, width) + "\n  link:  " + e.Link + "\n"
		if _, err := fmt.Fprint(p.Out, text); err != nil {
			return err
		}
	}
	return nil
}

// explained returns the words about a code for the user of this run.
func explained(g *command.Globals, e explain.Entry) explanation {
	if e.Fault == nil {
		return explanation{
			Code:    e.Code,
			Meaning: "profilectl does not know this code",
			Fix:     "look it up on Microsoft's page",
			Link:    e.Link,
		}
	}
	return explanation{
		Code:    e.Code,
		Meaning: e.Fault.What,
		Cause:   e.Cause,
		Fix:     g.Fix(e.Fault),
		Link:    e.Link,
	}
}

func listExplanations(env command.Env, g *command.Globals, p output.Printer) error {
	var all []explanation
	t := output.Table{Columns: []string{"CODE", "MEANING"}, Whole: []string{"CODE"}}
	for _, e := range explain.All() {
		x := explained(g, e)
		all = append(all, x)
		t.Rows = append(t.Rows, []string{x.Code, x.Meaning})
	}
	return command.PrintPaged(env, g, p, all, t)
}

// codes completes the error codes that explain knows.
func codes() (all []cobra.Completion) {
	for _, e := range explain.All() {
		all = append(all, e.Code)
	}
	return all
}
