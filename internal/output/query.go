package output

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/itchyny/gojq"
	"github.com/jmespath-community/go-jmespath"
	"github.com/jmespath-community/go-jmespath/pkg/functions"
	"github.com/jmespath-community/go-jmespath/pkg/parsing"

	"github.com/profilectl/profilectl/internal/fault"
)

// Filter is a compiled jq or JMESPath expression. It is immutable, and safe for concurrent
// use.
type Filter struct {
	jq       *gojq.Code        // its results are printed whatever the format is
	jmesPath jmespath.JMESPath // its result is printed in the format
}

// ParseFilter compiles an expression. The other one is empty, or both are, which is the zero
// Filter. An invalid expression is a Usage fault.
func ParseFilter(jq, jmesPath string) (f Filter, err error) {
	switch {
	case jq != "" && jmesPath != "":
		err = &fault.Error{
			Kind: fault.Usage,
			What: "a jq and a JMESPath expression cannot be combined",
			Fix:  "use one of them",
		}
	case jq != "":
		f.jq, err = compileJQ(jq)
	case jmesPath != "":
		f.jmesPath, err = compileJMESPath(jmesPath)
	}
	return f, err
}

// queryLimit ends a jq program that runs forever.
const queryLimit = 10 * time.Second

// jq prints each result of the jq expression on a line: strings without quotes, as
// other tools do, and everything else as JSON. The expression cannot read the
// environment or files.
func (p Printer) jq(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a float64 would round large integers
	var v any
	if err := decoder.Decode(&v); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), queryLimit)
	defer cancel()
	for results := p.Filter.jq.RunWithContext(ctx, v); ; {
		result, more := results.Next()
		if !more {
			return nil
		}
		if err, ok := result.(error); ok {
			if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
				return nil
			}
			return failed("jq", err)
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
func search(expression jmespath.JMESPath, raw []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("print result: %w", err)
	}
	found, err := expression.Search(v)
	if err != nil {
		return nil, failed("JMESPath", err)
	}
	return marshal(found)
}

func compileJQ(expression string) (*gojq.Code, error) {
	query, err := gojq.Parse(expression)
	if err != nil {
		return nil, invalid("jq", err)
	}
	code, err := gojq.Compile(query, gojq.WithEnvironLoader(func() []string { return nil }))
	if err != nil {
		return nil, invalid("jq", err)
	}
	return code, nil
}

// compileJMESPath also checks the names of functions, which the library looks up only when
// it calls them.
func compileJMESPath(expression string) (jmespath.JMESPath, error) {
	root, err := parsing.NewParser().Parse(expression)
	if err != nil {
		return nil, invalid("JMESPath", err)
	}
	known := map[string]bool{}
	for _, f := range functions.GetDefaultFunctions() {
		known[f.Name] = true
	}
	for nodes := []parsing.ASTNode{root}; len(nodes) > 0; {
		n := nodes[0]
		nodes = append(nodes[1:], n.Children...)
		name, _ := n.Value.(string)
		if n.NodeType == parsing.ASTFunctionExpression && !known[name] {
			return nil, invalid("JMESPath", fmt.Errorf("unknown function: %s", name))
		}
	}
	return jmespath.Compile(expression)
}

func invalid(language string, err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("invalid %s expression: %v", language, err),
		Fix:  "correct the expression",
		Err:  err,
	}
}

// failed is the fault of a valid expression that cannot be applied to the result, which
// shows only after the command has done its work.
func failed(language string, err error) error {
	return &fault.Error{
		Kind: fault.Unprinted,
		What: fmt.Sprintf("the command is done, but the %s expression does not fit its result: %v", language, err),
		Fix:  "correct the expression",
		Err:  err,
	}
}
