package cli

import (
	"context"
	"time"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/midtier"
)

// schemaCache returns the cache with the last known schema of a tenant's mid-tier.
func schemaCache(stateDir, tenant string, settings config.Settings) midtier.Cache {
	return midtier.CacheIn(stateDir, tenant, settings.Text("authority"), settings.Text("mid-tier"))
}

// schemas returns the cache with the last known schema of the mid-tier.
func (s *session) schemas() midtier.Cache { return schemaCache(s.paths.State, s.tenant, s.settings) }

// cache remembers a schema. A schema that cannot be remembered is read again the next time.
func (s *session) cache(schema midtier.Schema) midtier.Schema {
	_ = s.schemas().Write(schema)
	return schema
}

// refresh reads the schema for the next command if the mid-tier has another one than the
// last known. It is no problem if that fails.
func (s *session) refresh(ctx context.Context, token, version string) {
	if version == "" || version == s.schemas().Read().Version {
		return
	}
	if version == midtier.BuiltIn().Version {
		s.cache(midtier.BuiltIn())
		return
	}
	s.readAhead(ctx, token)
}

// readAhead reads the schema for later commands. It is no problem if that fails.
func (s *session) readAhead(ctx context.Context, token string) {
	const limit = 3 * time.Second // the command has done its work
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if schema, ch, err := s.midtier.Schema(ctx, token); err == nil && ch == nil {
		s.cache(schema)
	}
}
