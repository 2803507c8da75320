// Package muted keeps a library from talking to the terminal before the program
// has begun.
//
// Bubble Tea, under huh, asks the terminal for its background color in an init
// of its own, in every process that links it: escape codes go to standard
// output, and a terminal that does not answer holds every command up for five
// seconds. It asks nobody whose TERM is dumb. So this package, which imports the
// standard library alone and is therefore initialized before Bubble Tea (Go
// specification, "Package initialization": packages are sorted by import path,
// and Bubble Tea waits for others that come after this one), says dumb until
// Restore. A test in package cli holds it to that.
package muted

import "os"

// own is what TERM was, and whether it was set.
var own, set = os.LookupEnv("TERM")

func init() {
	_ = os.Setenv("TERM", "dumb") // fails for names with a zero byte only
}

// Restore gives TERM its value back. It is to be called before anything looks
// at TERM, and once is enough.
func Restore() {
	if !set {
		_ = os.Unsetenv("TERM")
		return
	}
	_ = os.Setenv("TERM", own)
}
