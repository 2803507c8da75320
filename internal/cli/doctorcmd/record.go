package doctorcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/wireshape"
)

// runRecord records the journey at the tenant and at a temporary sandbox, and compares
// them.
func runRecord(ctx context.Context, env command.Env, g *command.Globals, dir string) error {
	printer, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	if err := checkEmpty(dir); err != nil {
		return err
	}
	if !g.Facts(env).Interactive && env.OpenBrowser == nil {
		return &fault.Error{
			Kind: fault.SignIn,
			What: "a recording needs a user who signs in twice",
			Fix:  "run it in a terminal, without --no-input",
		}
	}
	unchanged := func(next http.RoundTripper) http.RoundTripper { return next }
	_, _ = fmt.Fprintln(env.Stderr, "Recording the tenant. Sign in with a password alone, then with a second factor.")
	tenant, failed := recordJourney(ctx, env, g, unchanged)
	if len(tenant.shapes) == 0 && failed != nil {
		return failed
	}
	// Ctrl-C ends the journey, and not the comparison of what was recorded.
	sandbox, err := recordSandbox(context.WithoutCancel(ctx), env, g)
	if err != nil {
		return errors.Join(failed, err)
	}
	result := compareRecordings(tenant, sandbox)
	for name, content := range map[string]any{
		"tenant.json": tenant.shapes, "sandbox.json": sandbox.shapes, "comparison.json": result,
	} {
		if err := writeRecording(filepath.Join(dir, name), content); err != nil {
			return errors.Join(failed, err)
		}
	}
	if printer.Plain() {
		err = reportRecording(env.Stdout, dir, tenant.ended, result)
	} else {
		err = printer.Print(result, output.Table{})
	}
	if failed != nil {
		return failed
	}
	return err
}

// compareRecordings compares the steps that the tenant has completed.
func compareRecordings(tenant, sandbox recording) wireshape.Comparison {
	completed := map[string]bool{}
	for _, s := range tenant.complete() {
		completed[s.Step] = true
	}
	same := slices.DeleteFunc(slices.Clone(sandbox.shapes), func(s wireshape.Shape) bool {
		return tenant.ended != "" && !completed[s.Step]
	})
	return wireshape.Compare(tenant.complete(), same)
}

// checkEmpty creates the directory, and returns a Usage fault if it holds something.
func checkEmpty(dir string) error {
	const ownerOnly = 0o700
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(dir, ownerOnly)
	}
	if err == nil && len(entries) == 0 {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "the recording needs a new or empty directory, and " + dir + " is not one",
		Fix:  "choose another directory",
		Err:  err,
	}
}

func writeRecording(path string, content any) error {
	const ownerOnly = 0o600
	raw, err := json.MarshalIndent(content, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(raw, '\n'), ownerOnly)
	}
	if err != nil {
		return &fault.Error{
			Kind: fault.Usage,
			What: path + " cannot be written",
			Fix:  "choose another directory",
			Err:  err,
		}
	}
	return nil
}

// reportRecording prints the result for a user.
func reportRecording(out io.Writer, dir, ended string, result wireshape.Comparison) error {
	text := "The recording is in " + dir + ". It holds shapes and error codes, but no values.\n"
	if ended != "" {
		text += "It ends at the step " + ended + ", which failed; the steps before it are compared.\n"
	}
	text += "The ids are those of the rows of docs/explanation/fidelity.md.\n\n"
	for _, d := range result.Differences {
		row := d.Row
		if row == "" {
			row = "-"
		}
		text += fmt.Sprintf("differs    %-28s %s\n", row, d)
	}
	for _, row := range result.Confirmed {
		text += fmt.Sprintf("confirmed  %s\n", row)
	}
	if len(result.Differences) == 0 && ended == "" {
		text += "\nThe tenant and the sandbox do not differ.\n"
	}
	_, err := io.WriteString(out, text)
	return err
}

// recordSandbox records the journey at a temporary sandbox, whose pages a robot fills in.
func recordSandbox(ctx context.Context, env command.Env, g *command.Globals) (recording, error) {
	p, err := playground.Start(ctx, playground.Options{
		QuickPasswords: env.QuickPasswords,
		Version:        command.ThisBuild().Version,
		Log:            g.Log(env),
	})
	if err != nil {
		return recording{}, err
	}
	defer p.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	env = env.Isolated(p.Variables(), p.Dir)
	env.OpenBrowser = p.NewRobot(cancel).Open
	own := *g
	own.Tenant, own.Account, own.Config = "", "", ""
	own.Progress = command.ProgressNone
	return recordJourney(ctx, env, &own, func(next http.RoundTripper) http.RoundTripper { return next })
}

// withQuery returns an address with parameters added.
func withQuery(address string, parameters url.Values) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // it is not from a user; the request fails
	}
	query := u.Query()
	maps.Copy(query, parameters)
	u.RawQuery = query.Encode()
	return u.String()
}
