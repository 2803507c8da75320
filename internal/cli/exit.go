package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/sandboxcmd"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/wrap"
)

// The exit codes never change, because scripts depend on them. 3 is not used:
// other tools give it contradicting meanings.
const (
	exitDone        = 0
	exitInterrupted = 130
)

// exitCode returns the exit code for a kind of fault.
func exitCode(kind fault.Kind) int {
	switch kind {
	case fault.Usage, fault.Canceled:
		return 2
	case fault.SignIn:
		return 4
	case fault.StepUp:
		return 5
	case fault.Denied:
		return 6
	case fault.Invalid:
		return 7
	case fault.Unavailable:
		return 8
	case fault.Unprinted:
		return 9
	default: // fault.Internal, fault.Conflict
		return 1
	}
}

// report prints the error of a command, and returns the exit code. Every command
// ends here.
func report(ctx context.Context, env command.Env, g *command.Globals, err error) int {
	if err == nil {
		return exitDone
	}
	if status, ok := errors.AsType[command.ExitStatus](err); ok {
		return int(status)
	}
	if errors.Is(context.Cause(ctx), command.ErrInterrupted) {
		printFault(env, g, interrupted(err))
		return exitInterrupted
	}
	f := sandboxcmd.Stopped(env, g, fault.As(unwritten(env, err)))
	if g.Verbose || f.Kind == fault.Internal {
		g.Log(env).Error("command failed", "kind", f.Kind.String(), "cause", f.Err)
	}
	printFault(env, g, f)
	return exitCode(f.Kind)
}

// interrupted returns the fault of a command that the user interrupted.
func interrupted(err error) *fault.Error {
	if f := fault.As(err); f.Unconfirmed {
		f = f.Reworded("interrupted: " + f.What)
		f.Kind = fault.Canceled
		return f
	}
	return &fault.Error{Kind: fault.Canceled, What: "interrupted", Fix: "run the command again", Err: err}
}

// unwritten returns the fault of a failed write to standard output, and other errors
// unchanged.
func unwritten(env command.Env, err error) error {
	stdout, isFile := env.Stdout.(interface{ Name() string })
	failed, ok := errors.AsType[*fs.PathError](err)
	if !ok || !isFile || failed.Op != "write" || failed.Path != stdout.Name() || fault.As(err).Kind != fault.Internal {
		return err
	}
	return &fault.Error{
		Kind: fault.Unprinted,
		What: "the command is done, but its result could not be written: " + failed.Err.Error(),
		Fix:  "redirect the output to another place",
		Err:  err,
	}
}

// errorDocument is an error, as scripts read it.
type errorDocument struct {
	Error errorMembers `json:"error"`
}

type errorMembers struct {
	Code          string `json:"code"`
	Message       string `json:"message"`
	Fix           string `json:"fix"`
	CorrelationID string `json:"correlationId"`
}

// printFault writes the fault to stderr: up to three lines for a user, one JSON
// object for a script.
func printFault(env command.Env, g *command.Globals, f *fault.Error) {
	fix := g.Fix(f)
	if g.Output == "json" {
		encoder := json.NewEncoder(env.Stderr)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(errorDocument{errorMembers{ // nowhere left to report a failure
			Code:          f.Kind.String(),
			Message:       f.What,
			Fix:           fix,
			CorrelationID: f.CorrelationID,
		}})
		return
	}
	var b strings.Builder
	facts := env.Facts()
	width := command.WrapWidth(facts.StderrTTY, facts.Width)
	fmt.Fprintln(&b, wrap.Hang("profilectl: ", f.What, width))
	if fix != "" {
		fmt.Fprintln(&b, wrap.Hang("  fix: ", fix, width))
	}
	if f.CorrelationID != "" {
		fmt.Fprintf(&b, "  correlation id: %s\n", f.CorrelationID)
	}
	_, _ = env.Stderr.Write([]byte(output.Safe(b.String())))
}
