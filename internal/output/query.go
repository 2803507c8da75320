package output

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/itchyny/gojq"
	"github.com/jmespath-community/go-jmespath"

	"github.com/profilectl/profilectl/internal/fault"
)

// queryLimit ends a jq program that never does.
const queryLimit = 10 * time.Second

// jq prints each result of the program on a line: strings as they are, as other
// tools do, everything else as JSON. The program sees no environment and no
// files.
func (p Printer) jq(raw []byte) error {
	wrong := func(err error) error {
		return &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("the jq expression does not work: %v", err), Fix: "correct --jq", Err: err}
	}
	query, err := gojq.Parse(p.JQ)
	if err != nil {
		return wrong(err)
	}
	code, err := gojq.Compile(query, gojq.WithEnvironLoader(func() []string { return nil }))
	if err != nil {
		return wrong(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), queryLimit)
	defer cancel()
	for results := code.RunWithContext(ctx, v); ; {
		result, more := results.Next()
		if !more {
			return nil
		}
		if err, failed := result.(error); failed {
			if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
				return nil
			}
			return wrong(err)
		}
		line, isText := result.(string)
		if !isText {
			text, err := marshal(result)
			if err != nil {
				return fmt.Errorf("print result: %w", err)
			}
			line = string(text[:len(text)-1])
		}
		if _, err := fmt.Fprintln(p.Out, line); err != nil {
			return err
		}
	}
}

// search returns what a JMESPath expression picks out.
func search(expression string, raw []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("print result: %w", err)
	}
	found, err := jmespath.Search(expression, v)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("the JMESPath expression does not work: %v", err), Fix: "correct --query", Err: err}
	}
	return marshal(found)
}
