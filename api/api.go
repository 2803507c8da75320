// Package api holds the mid-tier's contract.
package api

import _ "embed" // the contract is a file

// OpenAPI is the contract in OpenAPI 3.1, as served at /openapi.yaml. A test
// holds the mid-tier against it.
//
//go:embed openapi.yaml
var OpenAPI string
