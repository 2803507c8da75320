package control

import "fmt"

// FileError is a mistake in a seed or in an exported tenant.
type FileError struct {
	Line    int    // 0 if Problem names the line
	Field   string // such as users[0].email; empty if the file is not YAML
	Problem string
}

// Error returns the line, the field and the problem.
func (e *FileError) Error() string {
	text := e.Problem
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Line > 0 {
		text = fmt.Sprintf("line %d: %s", e.Line, text)
	}
	return text
}
