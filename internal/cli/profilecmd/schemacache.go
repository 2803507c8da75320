package profilecmd

import (
	"context"
	"time"

	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/midtier"
)

// schemaCache returns the cache with the last known schema of a tenant's mid-tier.
func schemaCache(stateDir, tenant string, settings config.Settings) midtier.Cache {
	return midtier.CacheIn(stateDir, tenant, settings.Text("authority"), settings.Text("mid-tier"))
}

// schemasOf returns the cache with the last known schema of a session's mid-tier.
func schemasOf(s *session.Session) midtier.Cache {
	return schemaCache(s.Paths.State, s.Tenant, s.Settings)
}

// cacheSchema caches a schema. A schema that cannot be cached is read again the next time.
func cacheSchema(s *session.Session, schema midtier.Schema) midtier.Schema {
	_ = schemasOf(s).Write(schema)
	return schema
}

// refreshSchema reads the schema for the next command if the mid-tier has another one than
// the last known. It is no problem if that fails.
func refreshSchema(ctx context.Context, s *session.Session, token, version string) {
	if version == "" || version == schemasOf(s).Read().Version {
		return
	}
	if version == midtier.BuiltIn().Version {
		cacheSchema(s, midtier.BuiltIn())
		return
	}
	readSchemaAhead(ctx, s, token)
}

// readSchemaAhead reads the schema for later commands. It is no problem if that fails.
func readSchemaAhead(ctx context.Context, s *session.Session, token string) {
	const limit = 3 * time.Second // the command has done its work
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if schema, ch, err := s.MidTier.Schema(ctx, token); err == nil && ch == nil {
		cacheSchema(s, schema)
	}
}
