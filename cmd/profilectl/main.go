// Command profilectl signs in a customer user of Microsoft Entra External ID from a
// terminal, shows their profile, and edits it after a second factor.
package main

import (
	"os"

	"github.com/profilectl/profilectl/internal/cli"
	"github.com/profilectl/profilectl/internal/cli/command"
)

func main() { os.Exit(cli.Run(command.System(), os.Args[1:])) }
