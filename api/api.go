// Package api holds the API description of the mid-tier.
package api

import _ "embed"

// OpenAPI is the API description in OpenAPI 3.1, as served at /openapi.yaml. A test
// checks the mid-tier against it.
//
//go:embed openapi.yaml
var OpenAPI string
