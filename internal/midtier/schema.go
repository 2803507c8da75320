package midtier

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/problem"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/upstream"
)

const (
	schemaRoute = "/schema"
	// schemaType is the media type of JSON Schema (draft-bhutton-json-schema-01, 14.1).
	schemaType = "application/schema+json"
	// versionHeader has the version of the schema in every response of a mid-tier.
	versionHeader = "Profile-Schema"
)

// Schema is the list of fields that a mid-tier edits, and the version by which the mid-tier
// identifies it.
type Schema struct {
	Fields  profile.Schema
	Version string
}

// BuiltIn returns the schema of a mid-tier that edits the ten built-in fields.
func BuiltIn() Schema {
	fields := profile.BuiltIn()
	return Schema{Fields: fields, Version: fields.Version()}
}

// Schema reads the fields that the mid-tier edits. A mid-tier without the route edits the
// built-in fields. Without a token, and if a challenge or an error is returned, only the
// version is known: it is empty if the mid-tier did not send it. An Invalid fault means
// that the mid-tier sent a schema that is not valid.
func (c *Client) Schema(ctx context.Context, token string) (Schema, *challenge.Challenge, error) {
	res, err := c.send(upstream.Idempotent(ctx), http.MethodGet, schemaRoute, token, nil)
	if err != nil {
		return Schema{}, nil, err
	}
	defer res.Body.Close()
	version := versionOf(res.Header)
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode == http.StatusOK && media == schemaType:
		return readSchema(res.Body, version)
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= http.StatusInternalServerError:
	case version == "": // the response is not from this route: many servers answer every path
		return BuiltIn(), nil, nil
	}
	ch, err := rejection(res, problem.Parse(res.Body))
	return Schema{Version: version}, ch, err
}

// readSchema reads a schema. The version is that of the header, or that of the text.
func readSchema(body io.Reader, version string) (Schema, *challenge.Challenge, error) {
	raw, err := io.ReadAll(io.LimitReader(body, profile.MaxSchema+1))
	if err != nil {
		return Schema{}, nil, upstream.Fault(err, "cannot read the fields of the mid-tier")
	}
	if version == "" {
		version = profile.VersionOf(raw)
	}
	fields, err := profile.ParseSchema(raw)
	if err != nil {
		return Schema{}, nil, err
	}
	return Schema{Fields: fields, Version: version}, nil, nil
}

// versionOf returns the version of the schema in a response, or an empty string if there
// is none of a usual form.
func versionOf(h http.Header) string {
	const longest = 64
	version := h.Get(versionHeader)
	unusual := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(version) > longest || strings.ContainsFunc(version, unusual) {
		return ""
	}
	return version
}
