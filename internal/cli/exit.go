package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// The exit codes are frozen; scripts depend on them. 3 stays free: other tools
// of the field give it meanings that contradict each other.
const (
	exitDone        = 0
	exitInterrupted = 130
)

// exitCode has a row for every Kind; a test holds it complete.
var exitCode = map[fault.Kind]int{
	fault.Internal:    1,
	fault.Conflict:    1,
	fault.Usage:       2,
	fault.Canceled:    2,
	fault.SignIn:      4,
	fault.StepUp:      5,
	fault.Denied:      6,
	fault.Invalid:     7,
	fault.Unavailable: 8,
}

// exitStatus passes on the exit code of a program that a command ran.
type exitStatus int

// Error names the status, for logs: a person is not told of it.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// report says what went wrong, in one place for all commands, and returns the
// exit code.
func report(ctx context.Context, env Env, g *globals, err error) int {
	if err == nil {
		return exitDone
	}
	if status, ok := errors.AsType[exitStatus](err); ok {
		return int(status)
	}
	if errors.Is(context.Cause(ctx), errInterrupted) {
		err = &fault.Error{Kind: fault.Canceled, What: "interrupted", Fix: "run the command again; nothing was left half done", Err: err}
		print(env, g, fault.As(err))
		return exitInterrupted
	}
	e := fault.As(err)
	if g.Verbose || e.Kind == fault.Internal {
		g.log(env).Error("command failed", "kind", e.Kind.String(), "cause", e.Err)
	}
	print(env, g, e)
	return exitCode[e.Kind]
}

// errorDocument is an error as scripts read it.
type errorDocument struct {
	Error struct {
		Code          string `json:"code"`
		Message       string `json:"message"`
		Fix           string `json:"fix"`
		CorrelationID string `json:"correlationId"`
	} `json:"error"`
}

// print writes the error to stderr: three lines for people, one JSON object
// for scripts.
func print(env Env, g *globals, e *fault.Error) {
	if g.Output == "json" {
		var d errorDocument
		d.Error.Code, d.Error.Message, d.Error.Fix, d.Error.CorrelationID = e.Kind.String(), e.What, g.fix(e), e.CorrelationID
		encoder := json.NewEncoder(env.Stderr)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(d) // nowhere left to complain
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "profilectl: %s\n", e.What)
	if fix := g.fix(e); fix != "" {
		fmt.Fprintf(&b, "  fix: %s\n", fix)
	}
	if e.CorrelationID != "" {
		fmt.Fprintf(&b, "  correlation id: %s\n", e.CorrelationID)
	}
	_, _ = env.Stderr.Write([]byte(b.String()))
}
