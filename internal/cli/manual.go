package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/manual"
)

// Formats of the manual.
const (
	formatMan      = "man"
	formatMarkdown = "markdown"
)

// newManual returns a command that is hidden, because packages bring the pages with them.
func newManual(env command.Env) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:    "manual DIRECTORY",
		Short:  "Write the man pages, or the same as Markdown",
		Hidden: true,
		Args:   cobra.ExactArgs(1),

		ValidArgsFunction: command.FirstArgument(command.Directories),
		RunE: func(c *cobra.Command, args []string) error {
			files, err := manualFiles(c.Root(), env, format)
			if err != nil {
				return err
			}
			return writeManual(args[0], files)
		},
	}
	c.Flags().StringVar(&format, "format", formatMan, "`format`: man or markdown")
	command.Complete(c, "format", command.OneOf(formatMan, formatMarkdown))
	return c
}

func manualFiles(root *cobra.Command, env command.Env, format string) ([]manual.File, error) {
	switch format {
	case formatMan:
		return manual.Man(root, manual.Edition{Version: command.ThisBuild().Version, Date: buildDate(env)}), nil
	case formatMarkdown:
		return manual.Markdown(root), nil
	}
	return nil, &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("there is no format %q", format),
		Fix:  "set --format to man or markdown",
	}
}

// buildDate returns the day in SOURCE_DATE_EPOCH (reproducible-builds.org), so that two
// builds of a commit have the same pages, or "" without the variable.
func buildDate(env command.Env) string {
	seconds, err := strconv.ParseInt(env.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly)
}

func writeManual(dir string, files []manual.File) error {
	const dirMode, fileMode = 0o755, 0o644 // for every user
	err := os.MkdirAll(dir, dirMode)
	for _, f := range files {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.Name), f.Text, fileMode)
		}
	}
	if err != nil {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the manual cannot be written to " + dir,
			Fix:  "name a directory that you can write to",
			Err:  err,
		}
	}
	return nil
}
