package sandbox

import "fmt"

// invalidError is a value that breaks a rule.
type invalidError struct {
	path    []any // names of fields and indexes of lists that lead to the value
	problem string
}

// Error returns the problem.
func (e *invalidError) Error() string { return e.problem }

// invalid returns the error of a field that breaks a rule.
func invalid(field, problem string, args ...any) error {
	return &invalidError{path: []any{field}, problem: fmt.Sprintf(problem, args...)}
}

// invalidItem returns the error of an item of a list that breaks a rule.
func invalidItem(field string, i int, problem string, args ...any) error {
	return &invalidError{path: []any{field, i}, problem: fmt.Sprintf(problem, args...)}
}
