package session

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/statefile"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// accountList is the list of signed-in usernames that shell completion proposes.
// Completion must not wait for the keyring, which may open a dialog, so login and
// logout keep this copy in the state directory.
type accountList struct {
	path string
	key  string // identifies the tenant and the client
}

// newAccountList returns the list of a configured tenant. Nothing is read yet.
func newAccountList(stateDir, tenant string, settings config.Settings) accountList {
	return accountList{
		path: filepath.Join(stateDir, "accounts.json"),
		key:  tokenstore.Service(settings.Text("authority"), settings.Text("client-id"), tenant),
	}
}

// Names returns the usernames. It returns none if the list cannot be read.
func (l accountList) Names() []string { return l.read()[l.key] }

// add adds a username after a sign-in.
func (l accountList) add(ctx context.Context, name string) error {
	return l.update(ctx, func(names []string) []string {
		if slices.Contains(names, name) {
			return names
		}
		return append(names, name)
	})
}

// remove removes usernames after a sign-out.
func (l accountList) remove(ctx context.Context, which func(name string) bool) error {
	if !slices.ContainsFunc(l.Names(), which) {
		return nil
	}
	return l.update(ctx, func(names []string) []string { return slices.DeleteFunc(names, which) })
}

func (l accountList) read() map[string][]string {
	lists := map[string][]string{}
	if raw, err := statefile.Read(l.path); err == nil && json.Unmarshal(raw, &lists) != nil {
		lists = map[string][]string{}
	}
	return lists
}

func (l accountList) update(ctx context.Context, change func([]string) []string) error {
	const wait = 5 * time.Second // the list is not worth waiting longer
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	unlock, err := statefile.Lock(limited, l.path)
	if err != nil {
		return statefile.WriteFault(statefile.LockPath(l.path), err)
	}
	defer unlock()
	lists := l.read()
	if names := change(lists[l.key]); len(names) > 0 {
		lists[l.key] = names
	} else {
		delete(lists, l.key)
	}
	raw, err := json.Marshal(lists)
	if err != nil {
		return err
	}
	return command.WriteFile(l.path, append(raw, '\n'))
}

// CompleteAccounts completes the signed-in accounts, without network access and without
// the keyring.
func CompleteAccounts(env command.Env, g *command.Globals) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		paths, err := config.LocatePaths(env.GOOS, env.Getenv)
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		tenant, settings, err := g.Settings(env, paths)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return newAccountList(paths.State, tenant, settings).Names(), cobra.ShellCompDirectiveNoFileComp
	}
}
