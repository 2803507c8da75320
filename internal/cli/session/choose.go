package session

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
)

// FindAccount returns the account with a name, an ID, or the only one whose ID starts
// with a text. A name that several accounts have is no choice.
func FindAccount(known []auth.Account, wanted string) (auth.Account, bool) {
	const shortest = 4 // of a prefix
	matches := []func(auth.Account) bool{
		func(a auth.Account) bool { return strings.EqualFold(a.ID, wanted) },
		func(a auth.Account) bool { return strings.EqualFold(a.Username, wanted) },
		func(a auth.Account) bool {
			return len(wanted) >= shortest && strings.HasPrefix(strings.ToLower(a.ID), strings.ToLower(wanted))
		},
	}
	if wanted == "" {
		return auth.Account{}, false
	}
	for _, match := range matches {
		var found []auth.Account
		for _, a := range known {
			if match(a) {
				found = append(found, a)
			}
		}
		if len(found) > 0 {
			return found[0], len(found) == 1
		}
	}
	return auth.Account{}, false
}

// ChosenBy returns for each account what chooses it: its name, or its ID if another
// account has the same name.
func ChosenBy(known []auth.Account) []string {
	var names []string
	for _, a := range known {
		name := a.Username
		if _, unique := FindAccount(known, name); !unique {
			name = a.ID
		}
		names = append(names, name)
	}
	return names
}

// Choices returns what chooses each account, as words of a command line.
func Choices(known []auth.Account) string {
	var words []string
	for _, name := range ChosenBy(known) {
		words = append(words, command.ShellQuoted(name))
	}
	return strings.Join(words, ", ")
}

// NotChosen returns why no account is chosen by a name or an ID.
func NotChosen(known []auth.Account, wanted string) string {
	named := func(a auth.Account) bool { return strings.EqualFold(a.Username, wanted) }
	if slices.ContainsFunc(known, named) {
		return "several accounts have the name " + command.Quote(wanted)
	}
	return "the account " + command.Quote(wanted) + " is not signed in"
}

// configKey returns what chooses an account in the configuration: a sign-in name that no
// other account has, or the ID, because the user can change any other name.
func configKey(known []auth.Account, a auth.Account) string {
	name := a.SignInName()
	if found, unique := FindAccount(known, name); unique && found.ID == a.ID {
		return name
	}
	return a.ID
}

// Activate makes an account the one that later commands use.
func (s *Session) Activate(ctx context.Context, a auth.Account) error {
	known, err := s.Auth.Accounts(ctx)
	if err != nil {
		return err
	}
	key := configKey(known, a)
	_ = s.Usernames().add(ctx, key) // without it, completion does not propose the account
	if active, err := s.active(); err == nil && active == key {
		return nil // a file that cannot be written is no problem then
	}
	return s.updateTenant(ctx, func(f *config.File) error {
		return f.Set(s.section(), "account", key)
	})
}

// Deactivate removes accounts from the configuration and from the names that completion
// proposes, after they were signed out. If all is true, no account of the tenant is signed in
// any more, and every name is removed, also one that no account in the store has.
func (s *Session) Deactivate(ctx context.Context, removed []auth.Account, all bool) error {
	signedOut := func(name string) bool {
		return all || slices.ContainsFunc(removed, func(a auth.Account) bool {
			_, found := FindAccount([]auth.Account{a}, name)
			return found
		})
	}
	notListed := s.Usernames().remove(ctx, signedOut)
	if active, err := s.active(); err == nil && (active == "" || !signedOut(active)) {
		return notListed
	}
	return errors.Join(notListed, s.updateTenant(ctx, func(f *config.File) error {
		if active, _ := f.Value(s.section(), "account"); !signedOut(active) {
			return nil
		}
		_, err := f.Unset(s.section(), "account")
		return err
	}))
}

// Remembers reports whether the configuration, or the list of names that completion proposes,
// has an account of the tenant.
func (s *Session) Remembers() bool {
	active, _ := s.active() // a file that cannot be read has none
	return active != "" || len(s.Usernames().Names()) > 0
}

// section returns the path of the tenant in the configuration file.
func (s *Session) section() string { return "tenants." + s.Tenant }

// active returns the account that the configuration file names, or an empty string.
func (s *Session) active() (string, error) {
	f, err := config.Read(s.Globals.ConfigFile(s.Paths))
	if err != nil {
		return "", err
	}
	name, _ := f.Value(s.section(), "account")
	return name, nil
}
