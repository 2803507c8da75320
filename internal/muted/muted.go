// Package muted keeps a library from writing to the terminal before main runs.
//
// Bubble Tea, which huh uses, queries the terminal for its background color in an init
// function, and so in every process that links it. The query writes escape codes to
// standard output and delays every command by five seconds if the terminal does not
// answer. Bubble Tea does not query a terminal whose TERM is dumb, so this package sets
// TERM to dumb until Restore is called.
//
// The package imports only the standard library and is therefore initialized before
// Bubble Tea: packages are initialized in the order of their import paths, and Bubble Tea
// waits for imports that sort after this package (Go specification, "Package
// initialization"). A test in package cli checks this.
package muted

import "os"

// own is the value of TERM that the process was started with, and set reports whether
// there was one.
var own, set = os.LookupEnv("TERM")

func init() {
	_ = os.Setenv("TERM", "dumb") // fails only for invalid names
}

// Restore resets TERM to its original value. Call it once, before anything reads TERM.
func Restore() {
	if !set {
		_ = os.Unsetenv("TERM")
		return
	}
	_ = os.Setenv("TERM", own)
}
