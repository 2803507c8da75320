package sts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

func TestErrorCodesHaveOneDefinition(t *testing.T) {
	definitions := map[errorCode]int{}
	for _, d := range errorDefinitions {
		definitions[d.code]++
	}
	for name, code := range declaredErrorCodes(t) {
		if definitions[code] != 1 {
			t.Errorf("%s has %d definitions, want 1", name, definitions[code])
		}
	}
}

func TestErrorCodesMapToStatuses(t *testing.T) {
	for code, want := range map[errorCode]int{
		aadstsGrantInvalid:        400,
		aadstsClientSecretInvalid: 401,
		aadstsScopeUnknown:        400, // invalid_client, but not about the client's credentials
	} {
		if got := code.status(); got != want {
			t.Errorf("the status of AADSTS%d is %d, want %d", code, got, want)
		}
	}
}

// declaredErrorCodes returns the constants of aadsts.go by name.
func declaredErrorCodes(t *testing.T) map[string]errorCode {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "aadsts.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]errorCode{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("%s is not a number", spec.Names[0])
		}
		value, err := strconv.Atoi(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		codes[spec.Names[0].Name] = errorCode(value)
		return true
	})
	if len(codes) == 0 {
		t.Fatal("aadsts.go declares no error codes")
	}
	return codes
}
