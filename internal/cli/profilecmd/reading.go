package profilecmd

import (
	"context"
	"slices"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
)

// readSelected reads properties. Graph rejects the whole request if one custom attribute
// was deleted from the tenant: readSelected then reads the others, and warns. It returns
// the names of the properties that it has read.
func readSelected(
	ctx context.Context,
	s *session.Session,
	account auth.Account,
	names []string,
) (graph.Profile, []string, error) {
	me, err := s.Me(ctx, account, names...)
	if err == nil || fault.As(err).Kind != fault.Invalid || !slices.ContainsFunc(names, profile.IsCustom) {
		return me, names, err
	}
	names = slices.DeleteFunc(slices.Clone(names), profile.IsCustom)
	if len(names) == 0 {
		return me, names, err
	}
	if me, err = s.Me(ctx, account, names...); err == nil {
		s.Progress.Warn("Microsoft Graph rejects a custom attribute; only the built-in fields are used\n" +
			"  fix: ask the operator of the mid-tier to remove attributes that the tenant does not have")
	}
	return me, names, err
}

// readFields reads the fields of a schema and further properties. It returns the schema of
// the fields that it has read; see readSelected.
func readFields(
	ctx context.Context,
	s *session.Session,
	account auth.Account,
	schema profile.Schema,
	further ...string,
) (graph.Profile, profile.Schema, error) {
	names := append(schema.Names(), further...)
	me, read, err := readSelected(ctx, s, account, names)
	if len(read) < len(names) {
		schema = profile.BuiltIn()
	}
	return me, schema, err
}
