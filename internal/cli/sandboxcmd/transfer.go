package sandboxcmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/statefile"
	"github.com/profilectl/profilectl/sandbox/control"
)

// standardStream is the name of a file that stands for standard input or output.
const standardStream = "-"

func newExport(m manager) *cobra.Command {
	var keys bool
	c := &cobra.Command{
		Use:   "export [FILE]",
		Short: "Write the tenant of a sandbox to a YAML file",
		Long: `Write the tenant of a sandbox, running or stopped, to a YAML file that only you
can read: users with their profiles, password hashes and second factors, apps
with their secrets, and policies. Without FILE or with -, write to standard
output. --seed reads the same format.

With --with-keys, the file also holds the signing keys and the sign-ins, so that
tokens of the tenant stay valid after an import.`,
		Example: `  profilectl sandbox export tenant.yaml
  profilectl sandbox export --with-keys backup.yaml
  profilectl sandbox exec --seed tenant.yaml -- go test ./...`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: command.FirstArgument(command.Files),
		RunE: func(c *cobra.Command, args []string) error {
			path := append(args, standardStream)[0]
			return m.export(c.Context(), path, keys)
		},
	}
	c.Flags().BoolVar(&keys, "with-keys", false, "include the signing keys and the sign-ins")
	return c
}

func newImport(m manager) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Replace the tenant of a sandbox with an exported one",
		Long: `Replace the tenant of a sandbox, running or stopped, with an exported one: all
users, apps and policies. If the file has an error, nothing is replaced. With -,
read the file from standard input. To add users and apps to a tenant, use
--seed.`,
		Example: `  profilectl sandbox import tenant.yaml
  profilectl sandbox import --yes - <tenant.yaml`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(command.Files),
		RunE: func(c *cobra.Command, args []string) error {
			return m.importFile(c.Context(), args[0], yes)
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "skip the confirmation")
	return c
}

// keptTenant is the tenant of a sandbox that is running or stopped.
type keptTenant struct {
	export  func(ctx context.Context, keys bool) ([]byte, error)
	replace func(ctx context.Context, file []byte) error
	close   func() error
	running bool
}

// tenant opens the tenant of the sandbox: through the control API if it is running,
// and otherwise in its directory.
func (m manager) tenant() (keptTenant, error) {
	dir, err := stateDir(m.env, m.g, *m.dir)
	if err != nil {
		return keptTenant{}, err
	}
	inExec := m.env.Getenv("SANDBOX_CONTROL") != "" && *m.dir == "" && m.g.Tenant == ""
	if inExec || playground.Running(dir) {
		client, err := connect(m.env, m.g, *m.dir)
		if err != nil {
			return keptTenant{}, err
		}
		return keptTenant{client.Export, client.Import, func() error { return nil }, true}, nil
	}
	stopped, err := playground.OpenOffline(dir)
	if err != nil {
		return keptTenant{}, err
	}
	return keptTenant{
		export:  func(_ context.Context, keys bool) ([]byte, error) { return stopped.Export(keys) },
		replace: func(_ context.Context, file []byte) error { return stopped.Import(file) },
		close:   stopped.Close,
	}, nil
}

func (m manager) export(ctx context.Context, path string, keys bool) error {
	printer, err := command.NewPrinter(m.env, m.g)
	if err != nil {
		return err
	}
	tenant, err := m.tenant()
	if err != nil {
		return err
	}
	raw, err := tenant.export(ctx, keys)
	if err := playground.Fault(errors.Join(err, tenant.close())); err != nil {
		return err
	}
	if path == standardStream {
		_, err := m.env.Stdout.Write(raw)
		return err
	}
	if err := statefile.Write(path, raw); err != nil {
		return fileFault(path, "cannot be written", err)
	}
	return printer.Print(map[string]string{"exported": path}, output.Table{
		Columns: []string{"EXPORTED"},
		Whole:   []string{"EXPORTED"},
		Rows:    [][]string{{path}},
	})
}

func (m manager) importFile(ctx context.Context, path string, yes bool) error {
	raw, err := m.readTenant(ctx, path)
	if err != nil {
		return err
	}
	if err := m.confirmImport(ctx, path, yes); err != nil {
		return err
	}
	tenant, err := m.tenant()
	if err != nil {
		return err
	}
	err = importFault(path, tenant.replace(ctx, raw))
	if err := playground.Fault(errors.Join(err, tenant.close())); err != nil || !tenant.running {
		return err
	}
	m.warnOfOldNames(ctx)
	return nil
}

// warnOfOldNames warns if the certificate of the running sandbox has the real names of the
// tenant before. It cannot be replaced, because running clients trust its CA. If the certificate
// cannot be read, there is no warning: the import has succeeded.
func (m manager) warnOfOldNames(ctx context.Context) {
	s, err := describe(ctx, m.env, m.g, *m.dir)
	if err != nil {
		return
	}
	names := s.certificate.DNSNames
	if slices.Contains(names, "graph.microsoft.com") && !slices.Contains(names, s.facts.TenantID+".ciamlogin.com") {
		_, _ = fmt.Fprintln(m.env.Stderr, "warning: the certificate has the host names of the previous tenant; "+
			"for those of the imported one, restart the sandbox with --real-names")
	}
}

// importFault turns a mistake in the file into a fault, and returns other errors
// unchanged.
func importFault(path string, err error) error {
	if mistake, ok := errors.AsType[*control.FileError](err); ok {
		return playground.FileFault(path, mistake.Error(), err)
	}
	rejected, ok := errors.AsType[*control.Error](err)
	if ok && rejected.Status < http.StatusInternalServerError {
		return playground.FileFault(path, rejected.Message, err)
	}
	return err
}

// readTenant returns the content of a file, or of standard input.
func (m manager) readTenant(ctx context.Context, path string) ([]byte, error) {
	const most = 64 << 20 // bytes, as the sandbox takes
	raw, err := m.env.ReadInput(ctx, path, most+1)
	name := "the file " + path
	if path == standardStream {
		name = "standard input"
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fileFault(name, "cannot be read", err)
	case len(raw) > most:
		return nil, playground.FileFault(path, "it has more than 64 MiB", nil)
	}
	return raw, nil
}

func fileFault(path, problem string, err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: path + " " + problem,
		Fix:  "check the path and its permissions",
		Err:  err,
	}
}

// confirmImport asks whether to replace the tenant.
func (m manager) confirmImport(ctx context.Context, path string, yes bool) error {
	if yes {
		return nil
	}
	facts := m.g.Facts(m.env)
	if !facts.Interactive || path == standardStream {
		return &fault.Error{
			Kind: fault.Usage,
			What: "an import replaces the whole tenant, and there is no terminal to confirm it",
			Fix:  "run the command with --yes",
		}
	}
	question := "Replace all users, apps and policies of the sandbox " + nameOf(m.g) + "?"
	return m.env.Confirm(ctx, facts, question)
}
