package setup

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Action is what a run does with an object.
type Action string

// The actions.
const (
	Keep    Action = "keep"    // nothing differs
	Create  Action = "create"  // the object is missing
	Change  Action = "change"  // some properties differ
	Manual  Action = "manual"  // Microsoft Graph refuses it; an administrator does it by hand
	Blocked Action = "blocked" // an object that it needs is missing
	Delete  Action = "delete"  // the object has the tag of the setup
)

// Difference is a property that differs from what is wanted. From is nil if the object is
// missing.
type Difference struct {
	Property string `json:"property"`
	From     any    `json:"from"`
	To       any    `json:"to"`
}

// object is one part of the setup.
type object struct {
	id    string
	title string   // the kind and the name, as users see them
	needs []string // ids of objects whose ids the requests contain
	reads string   // the part of the tenant that must be readable; empty for the applications
	hand  string   // how an administrator does it in the portal
	// lag are the statuses with which Graph rejects the request while an object that was
	// just created is not replicated.
	lag []int
	// ready reports whether the object may be changed now; nil is always.
	ready func(t *Tenant) bool
	// named returns the name of the object that was found, for titles that do not have
	// it; nil for none.
	named func(t *Tenant) string
	// next returns the next write that brings the object closer to what is wanted, or nil
	// if nothing differs. It depends on the tenant alone.
	next func(t *Tenant) *write
}

// write is one request that changes the tenant.
type write struct {
	action Action
	method string
	path   string
	body   any
	shows  []Difference
	// done notes the effect of the request in t. answer is the body of the response.
	done func(t *Tenant, answer []byte) error
}

// later stands for an ID that the tenant gives to an object when it is created.
const later = "(known after apply)"

// orLater returns the id, or later if there is none yet.
func orLater(id string) string {
	if id == "" {
		return later
	}
	return id
}

// objects returns all objects in the order in which they are created.
func (w Wanted) objects() []object {
	all := []object{
		w.midTierApp(),
		w.principal("midtier.principal", w.MidTierName, "midtier.app", midTierPrincipal),
		w.midTierHolder().object(credentialID, "midtier.app"),
		w.clientApp(),
		w.principal("client.principal", w.ClientName, "client.app", clientPrincipal),
		w.graphGrant(),
		w.editGrant(),
		w.midTierGrant(),
		w.emailMethod(),
	}
	if w.AuthContext != "" {
		all = append(all, w.authContext(), w.contextPolicy())
	}
	all = append(all, w.policy(), w.userFlow(), w.flowLink())
	if w.Attributes {
		all = append(all, w.attributeObjects()...)
	}
	return all
}

// creates returns the write that creates an object of a collection. into gets the
// response, which contains the ID.
func creates[T any](path string, body any, shows []Difference, into func(t *Tenant, created T)) *write {
	return &write{
		action: Create,
		method: http.MethodPost,
		path:   path,
		body:   body,
		shows:  shows,
		done: func(t *Tenant, answer []byte) error {
			var created T
			if err := json.Unmarshal(answer, &created); err != nil {
				return fmt.Errorf("read response: %w", err)
			}
			into(t, created)
			return nil
		},
	}
}

// contains reports whether all of wanted are in found.
func contains(found, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(found, s) })
}

// union returns found and what of wanted is missing in it.
func union(found, wanted []string) []string {
	all := slices.Clone(found)
	for _, s := range wanted {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// added returns a difference in a list that gets the missing values, or none.
func added(property string, found, wanted []string) []Difference {
	if contains(found, wanted) {
		return nil
	}
	all := union(found, wanted)
	return []Difference{{Property: property, From: strings.Join(found, " "), To: strings.Join(all, " ")}}
}
