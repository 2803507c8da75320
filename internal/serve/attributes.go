package serve

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/profilectl/profilectl/internal/attributes"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/reload"
	"github.com/profilectl/profilectl/internal/upstream"
)

// attributesScope is the scope of the application's tokens: all permissions that an
// administrator granted it.
const attributesScope = "https://graph.microsoft.com/.default"

// AttributesSettings let users see and change custom attributes. Graph has no delegated
// permission to write them, so the mid-tier needs a second registration with the
// application permission User.ReadWrite.All, which can change every user of the tenant.
type AttributesSettings struct {
	// File lists the attributes; see package attributes. Empty is none. It is read again
	// when it changes.
	File string
	// ClientID is the client id of the second registration. It and Credential must be set
	// if users may edit an attribute.
	ClientID string
	// Credential authenticates the second registration to the tenant. Its Secret is
	// not used.
	Credential CredentialSettings
}

// fields are the fields that users may see and change. They do not change.
type fields struct {
	schema   profile.Schema
	json     []byte
	version  []string // the value of the header Profile-Schema
	editable bool     // users may change a custom attribute
}

func newFields(schema profile.Schema) *fields {
	f := &fields{schema: schema, json: schema.JSON()}
	f.version = []string{profile.VersionOf(f.json)}
	f.editable = len(f.editableNames()) > 0
	return f
}

// editableNames returns Graph's names of the custom attributes that users may change.
func (f *fields) editableNames() []string {
	var names []string
	for _, field := range f.schema.Fields() {
		if field.Custom() && !field.ReadOnly {
			names = append(names, field.Name)
		}
	}
	return names
}

// schemaHeader is the header with the version of the schema, in its canonical form.
const schemaHeader = "Profile-Schema"

// describe adds the version of the schema to a response.
func (f *fields) describe(w http.ResponseWriter) { w.Header()[schemaHeader] = f.version }

// customFields are the custom attributes of a mid-tier, and the credential that changes
// them.
type customFields struct {
	file       *reload.Value[*fields]
	credential *obo.Credential // nil if users can only see the attributes
	kind       string          // the setting that holds the credential
	log        *slog.Logger
	rejected   atomic.Bool // the tenant or Graph rejects the credential
}

// openAttributes reads the attributes and their credential, or returns nil if there are
// none. It fails with a Usage fault.
func openAttributes(s Settings, log *slog.Logger) (*customFields, error) {
	a := s.Attributes
	hasIdentity := a.ClientID != "" || a.Credential.given() > 0
	switch {
	case a.File == "" && hasIdentity:
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "a credential for custom attributes is configured, but no attributes are",
			Fix:  "set attributes, or remove attributes-client-id and its credential",
		}
	case a.File == "":
		return nil, nil
	case hasIdentity && a.ClientID == "":
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "a credential for custom attributes is configured without its client id",
			Fix:  "set attributes-client-id",
		}
	case hasIdentity && strings.EqualFold(a.ClientID, s.ClientID):
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "attributes-client-id and client-id are the same registration",
			Fix:  "use a second registration, so that only it has the permission for all users",
		}
	}
	c := &customFields{kind: a.Credential.kind(attributesPrefix), log: log}
	var err error
	if hasIdentity {
		credential, err := a.Credential.open(attributesPrefix, log.With("setting", c.kind))
		if err != nil {
			return nil, err
		}
		c.credential = &credential
	}
	c.file, err = reload.New("the attributes file", log, func() (*fields, error) {
		return c.read(a.File)
	}, a.File)
	return c, err
}

// read reads the file.
func (c *customFields) read(path string) (*fields, error) {
	schema, err := attributes.Read(path)
	if err != nil {
		return nil, err
	}
	f := newFields(schema)
	if f.editable && c.credential == nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "users may edit attributes, but attributes-client-id is not configured",
			Fix:  "set attributes-client-id and its credential, or remove edit from the attributes",
		}
	}
	return f, nil
}

// reloadables returns what is read from files.
func (c *customFields) reloadables() []reloadable {
	if c == nil {
		return nil
	}
	all := []reloadable{{"attributes", c.file.Reload, c.file.Err}}
	if c.credential != nil {
		all = append(all, reloadable{c.kind, c.credential.Reload, c.credential.Err})
	}
	return all
}

// check returns why the application cannot change custom attributes, or nil.
func (c *customFields) check(ctx context.Context, application *obo.Application, g *graph.Client) error {
	result, err := application.Token(ctx, obo.Assertion{})
	if err != nil {
		return err
	}
	f, _ := c.file.Get()
	return g.CheckUpdateUser(ctx, result.Token, f.editableNames()...)
}

// note records whether the credential can change attributes, by the error of a request
// that used it. It logs when that changes. An error that says nothing about the credential,
// such as an outage, changes nothing.
func (c *customFields) note(ctx context.Context, err error) {
	switch f := fault.As(err); {
	case err == nil:
		if c.rejected.CompareAndSwap(true, false) {
			c.log.InfoContext(ctx, "custom attributes can be changed again")
		}
	case obo.RejectsCredential(err) || f.Kind == fault.Denied && f.ForOperator:
		if c.rejected.CompareAndSwap(false, true) {
			c.log.ErrorContext(ctx, "custom attributes cannot be changed",
				"reason", f.What,
				"fix", f.Advice(),
				"correlationId", upstream.CorrelationID(ctx))
		}
	}
}

// fields returns the fields that users may see and change now.
func (s *Server) fields() *fields {
	if s.parts.attributes == nil {
		return s.builtIn
	}
	f, _ := s.parts.attributes.file.Get()
	return f
}

// described adds the version of the schema to every response of a handler. A client that
// has another version knows so even if its request is rejected.
func (s *Server) described(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fields().describe(w)
		next.ServeHTTP(w, r)
	})
}

// schema handles GET /schema.
func (s *Server) schema(w http.ResponseWriter, r *http.Request) {
	f := s.fields()
	f.describe(w)
	if _, ok := s.admit(w, r); !ok {
		return
	}
	w.Header().Set("Content-Type", "application/schema+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(f.json) // fails only if the client has disconnected
}
