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

// queryLimit ends a jq program that runs forever.
const queryLimit = 10 * time.Second

// jq prints each result of the jq expression on a line: strings without quotes, as
// other tools do, and everything else as JSON. The expression cannot read the
// environment or files.
func (p Printer) jq(raw []byte) error {
	query, err := gojq.Parse(p.JQ)
	if err != nil {
		return invalid("jq", err)
	}
	code, err := gojq.Compile(query, gojq.WithEnvironLoader(func() []string { return nil }))
	if err != nil {
		return invalid("jq", err)
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
			return invalid("jq", err)
		}
		if err := p.jqResult(result); err != nil {
			return err
		}
	}
}

func (p Printer) jqResult(result any) error {
	if text, ok := result.(string); ok {
		_, err := p.Out.Write(append(p.safe([]byte(text)), '\n'))
		return err
	}
	raw, err := marshal(result)
	if err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	_, err = p.Out.Write(p.safeJSON(raw))
	return err
}

// search returns what a JMESPath expression selects, as JSON.
func search(expression string, raw []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("print result: %w", err)
	}
	found, err := jmespath.Search(expression, v)
	if err != nil {
		return nil, invalid("JMESPath", err)
	}
	return marshal(found)
}

func invalid(language string, err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("invalid %s expression: %v", language, err),
		Fix:  "correct the expression",
		Err:  err,
	}
}
