package midtier

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/statefile"
)

// Cache is a file with the last known schema of a tenant's mid-tier. It is safe for
// concurrent use, also by several processes.
type Cache struct {
	path string
	of   owner
}

// owner is the mid-tier that a schema is from. A tenant can get another one.
type owner struct {
	Authority string `json:"authority"`
	MidTier   string `json:"midTier"`
}

// CacheIn returns the cache in a state directory for a tenant, by its configured name, with
// its authority and the address of its mid-tier. It reads and creates nothing yet.
func CacheIn(stateDir, tenant, authority, midTier string) Cache {
	sum := sha256.Sum256([]byte(tenant)) // its name can be any text
	name := fmt.Sprintf("schema-%x.json", sum[:8])
	return Cache{path: filepath.Join(stateDir, name), of: owner{authority, midTier}}
}

// cached is the content of the file.
type cached struct {
	owner
	Version string          `json:"version"`
	Schema  json.RawMessage `json:"schema"`
}

// Read returns the last known schema. Without one, or if the file is invalid, that is the
// one of the built-in fields.
func (c Cache) Read() Schema {
	raw, err := statefile.Read(c.path)
	var content cached
	if err != nil || json.Unmarshal(raw, &content) != nil || content.owner != c.of || content.Version == "" {
		return BuiltIn()
	}
	fields, err := profile.ParseSchema(content.Schema)
	if err != nil {
		return BuiltIn()
	}
	return Schema{Fields: fields, Version: content.Version}
}

// Write replaces the schema. That of the built-in fields needs no file.
func (c Cache) Write(s Schema) error {
	if s.Version == BuiltIn().Version {
		if err := os.Remove(c.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove cached schema: %w", err)
		}
		return nil
	}
	raw, err := json.Marshal(cached{owner: c.of, Version: s.Version, Schema: s.Fields.JSON()})
	if err != nil {
		return fmt.Errorf("write cached schema: %w", err)
	}
	return statefile.Write(c.path, raw)
}
