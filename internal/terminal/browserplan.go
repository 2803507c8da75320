package terminal

import (
	"os"
	"os/exec"
	"strings"
)

// Plan says how a page is opened.
type Plan struct {
	Commands []Command // to be tried in this order; empty if there is none
	Why      string    // why there is no command, as a clause for the user
}

// Command opens a page.
type Command struct {
	Argv []string
	Self bool // Argv is Opener.Self, which reads the address from its input
}

// Plan returns the commands that may open an address. The user's choice comes first:
// PROFILECTL_BROWSER, then BROWSER. After that, it rules out what is known to fail:
// a text browser in an SSH session, most containers, and a machine without a display.
func (o Opener) Plan(address string) Plan {
	if own := o.Getenv("PROFILECTL_BROWSER"); own != "" {
		return o.chosen("PROFILECTL_BROWSER", []string{own}, address)
	}
	if list := o.Getenv("BROWSER"); list != "" {
		return o.chosen("BROWSER", o.entries(list), address)
	}
	switch {
	case o.Capabilities.SSH && o.Getenv("DISPLAY") == "":
		return Plan{Why: "this is an SSH session without a display"}
	case o.Capabilities.WSL:
		return o.windowsFromWSL(address)
	case o.Capabilities.Container:
		return o.outOfContainer(address)
	case !o.Capabilities.Display:
		return Plan{Why: "there is no graphical session"}
	}
	return Plan{Commands: []Command{o.self()}}
}

// self returns the command that opens a page with the opener of the platform.
func (o Opener) self() Command { return Command{Argv: o.Self, Self: true} }

// lookPath returns the path of a command, or an empty string if it does not exist.
func (o Opener) lookPath(command string) string {
	look := o.LookPath
	if look == nil {
		look = exec.LookPath
	}
	path, err := look(command)
	if err != nil {
		return ""
	}
	return path
}

// finds reports whether a command exists.
func (o Opener) finds(command string) bool { return o.lookPath(command) != "" }

// entries returns the commands of BROWSER, which is a list like PATH. A command whose
// path contains the separator is not a list.
func (o Opener) entries(list string) []string {
	if o.finds(list) {
		return []string{list}
	}
	return strings.Split(list, string(os.PathListSeparator))
}

// chosen returns the plan for the commands that a variable names.
func (o Opener) chosen(variable string, entries []string, address string) Plan {
	var plan Plan
	for _, entry := range entries {
		entry = strings.TrimSpace(entry)
		if entry == "none" && len(plan.Commands) == 0 {
			return Plan{Why: "the browser is switched off"}
		}
		argv := o.command(entry, address)
		switch {
		case argv == nil:
		case o.isBatch(argv[0]):
			plan.Why = "the command in " + variable + " runs cmd, which reads the & in the address as its own"
		default:
			plan.Commands = append(plan.Commands, Command{Argv: argv})
		}
	}
	if len(plan.Commands) == 0 && plan.Why == "" {
		plan.Why = "the command in " + variable + " does not exist: " + strings.Join(entries, ", ")
	}
	return plan
}

// command splits a configured command into words and inserts the address in place of
// each %s, or at the end. It returns nil if the command does not exist. No shell is
// involved. Blanks may belong to the path of the command, even without quotes, as in
// /mnt/c/Program Files/Mozilla Firefox/firefox.exe.
func (o Opener) command(entry, address string) []string {
	words := splitWords(entry)
	if len(words) > 0 && !o.finds(words[0]) {
		words = o.splitPath(entry)
	}
	if len(words) == 0 {
		return nil
	}
	if last := len(words) - 1; last > 0 && words[last] == "&" { // a shell would not wait; neither do we
		words = words[:last]
	}
	argv := []string{words[0]}
	placed := false
	for _, word := range words[1:] {
		placed = placed || strings.Contains(word, "%s")
		argv = append(argv, strings.ReplaceAll(word, "%s", address))
	}
	if !placed {
		argv = append(argv, address)
	}
	return argv
}

// isBatch reports whether cmd of Windows runs a command, as it does with batch files. It
// would run parts of the address as commands, because package os/exec does not quote for
// it.
func (o Opener) isBatch(command string) bool {
	path := o.lookPath(command)
	name := strings.ToLower(path[strings.LastIndexAny(path, `/\`)+1:])
	return name == "cmd" || name == "cmd.exe" || strings.HasSuffix(name, ".bat") || strings.HasSuffix(name, ".cmd")
}

// splitPath splits a command whose path contains blanks. It returns nil if no part of
// it, from the beginning, is a command.
func (o Opener) splitPath(entry string) []string {
	for i, r := range entry + " " {
		if r == ' ' && o.finds(entry[:i]) {
			return append([]string{entry[:i]}, splitWords(entry[i:])...)
		}
	}
	return nil
}

// windowsFromWSL opens the browser of the Windows host with wslview, or with
// PowerShell. If the PATH of Windows is not part of PATH (appendWindowsPath in
// wsl.conf), PowerShell is at its fixed place. Inside single quotes, PowerShell takes
// every character literally except a single quote, which is doubled.
func (o Opener) windowsFromWSL(address string) Plan {
	const inWindows = "/Windows/System32/WindowsPowerShell/v1.0/powershell.exe"
	var plan Plan
	if o.finds("wslview") {
		plan.Commands = append(plan.Commands, Command{Argv: []string{"wslview", address}})
	}
	quoted := "'" + strings.ReplaceAll(address, "'", "''") + "'"
	for _, path := range []string{"powershell.exe", "/mnt/c" + inWindows, "/c" + inWindows} {
		if o.finds(path) {
			argv := []string{path, "-NoProfile", "-NonInteractive", "-Command", "Start-Process " + quoted}
			plan.Commands = append(plan.Commands, Command{Argv: argv})
			break
		}
	}
	if o.Capabilities.Display && o.findsOpener() {
		plan.Commands = append(plan.Commands, o.self())
	}
	plan.Why = "WSL finds neither wslview nor powershell.exe to open the browser of Windows"
	return plan
}

// outOfContainer opens a browser from a container that was given the display. If it
// is one of Distrobox or Toolbox, it also shares the network of the host, so that the
// browser of the host can return.
func (o Opener) outOfContainer(address string) Plan {
	plan := Plan{Why: "there is no browser in a container"}
	if !o.Capabilities.Display {
		return plan
	}
	if o.findsOpener() {
		plan.Commands = append(plan.Commands, o.self())
	}
	for _, argv := range [][]string{
		{"distrobox-host-exec", "xdg-open", address},
		{"flatpak-spawn", "--host", "xdg-open", address}, // Toolbox
	} {
		if o.finds(argv[0]) {
			plan.Commands = append(plan.Commands, Command{Argv: argv})
		}
	}
	return plan
}

// findsOpener reports whether there is a command that the opener of Linux uses.
func (o Opener) findsOpener() bool {
	return o.finds("xdg-open") || o.finds("x-www-browser") || o.finds("www-browser")
}
