package terminal

// InForeground reports whether Ctrl-C in the console signals this process and its children,
// which is always so on Windows.
func InForeground() bool { return true }
