package command

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/fault"
)

// SettingFlag marks flags that package config reads from the environment, under
// the names of its table.
const SettingFlag = "setting"

// commandLineFlag marks flags that PROFILECTL_<FLAG> does not set, because another
// flag has the same name.
const commandLineFlag = "command-line"

// NotFromEnvironment makes the flag with a name one that PROFILECTL_<FLAG> does not set.
func NotFromEnvironment(f *pflag.FlagSet, name string) {
	f.Lookup(name).Annotations = map[string][]string{commandLineFlag: {}}
}

// BrowserFlag is a flag of some commands. PROFILECTL_BROWSER does not set it,
// because that variable names the browser to open.
const BrowserFlag = "browser"

// FlagsFromEnvironment sets every flag that is not on the command line to the
// value of PROFILECTL_<FLAG>. An invalid value is a Usage fault.
func FlagsFromEnvironment(flags *pflag.FlagSet, getenv func(string) string) error {
	var invalid error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "PROFILECTL_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := getenv(name)
		_, setting := f.Annotations[SettingFlag]
		_, commandLine := f.Annotations[commandLineFlag]
		excluded := setting || commandLine || f.Name == "help" || f.Name == BrowserFlag
		if f.Changed || excluded || value == "" || invalid != nil {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			invalid = &fault.Error{
				Kind: fault.Usage,
				What: fmt.Sprintf("the environment variable %s has no valid value for --%s", name, f.Name),
				Fix:  "unset " + name + ", or set it to a value that --" + f.Name + " accepts",
				Err:  err,
			}
		}
	})
	return invalid
}
