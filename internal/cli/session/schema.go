package session

import (
	"context"
	"time"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/midtier"
)

// SchemaCache returns the cache with the last known schema of a tenant's mid-tier.
func SchemaCache(stateDir, tenant string, settings config.Settings) midtier.Cache {
	return midtier.CacheIn(stateDir, tenant, settings.Text("authority"), settings.Text("mid-tier"))
}

// Schemas returns the cache with the last known schema of the mid-tier.
func (s *Session) Schemas() midtier.Cache { return SchemaCache(s.Paths.State, s.Tenant, s.Settings) }

// Cache remembers a schema. A schema that cannot be remembered is read again the next time.
func (s *Session) Cache(schema midtier.Schema) midtier.Schema {
	_ = s.Schemas().Write(schema)
	return schema
}

// Refresh reads the schema for the next command if the mid-tier has another one than the
// last known. It is no problem if that fails.
func (s *Session) Refresh(ctx context.Context, token, version string) {
	if version == "" || version == s.Schemas().Read().Version {
		return
	}
	if version == midtier.BuiltIn().Version {
		s.Cache(midtier.BuiltIn())
		return
	}
	s.ReadAhead(ctx, token)
}

// ReadAhead reads the schema for later commands. It is no problem if that fails.
func (s *Session) ReadAhead(ctx context.Context, token string) {
	const limit = 3 * time.Second // the command has done its work
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if schema, ch, err := s.MidTier.Schema(ctx, token); err == nil && ch == nil {
		s.Cache(schema)
	}
}
