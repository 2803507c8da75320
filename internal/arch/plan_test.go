package arch

// floors number the packages of the house. A package imports only lower ones.
// The sandbox is the house across the street, with floors of its own.
var floors = map[string]int{
	"cmd/profilectl": 5,
	"internal/cli":   4,
	"internal/serve": 3,
	"internal/auth":  2, "internal/midtier": 2, "internal/graph": 2, "internal/obo": 2, "internal/bearer": 2,
	"internal/config": 1, "internal/authority": 1, "internal/aadsts": 1, "internal/challenge": 1, "internal/problem": 1, "internal/profile": 1,
	"internal/tokenstore": 1, "internal/terminal": 1, "internal/output": 1, "internal/upstream": 1,
	"internal/fault": 0, "api": 0,
}
