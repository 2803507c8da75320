package graph

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/profilectl/profilectl/internal/fault"
)

// The codes that stand for a status, whatever code the response has, and the one of a
// temporary conflict.
const (
	codeBadRequest   = "Request_BadRequest"
	codeInvalidToken = "InvalidAuthenticationToken"
	codeDenied       = "Authorization_RequestDenied"
	codeNotFound     = "Request_ResourceNotFound"
	codeConcurrent   = "Directory_ConcurrencyViolation"
)

// Explanation explains an error code of Graph. Fault has the words and the remedy that
// an error with this code gets.
type Explanation struct {
	Code  string // as Graph spells it
	Fault *fault.Error
	Cause string // the most likely cause
}

// Explain returns the explanation of a code, ignoring case. It reports whether the code
// is known.
func Explain(code string) (e Explanation, known bool) {
	e, known = explanations()[strings.ToLower(code)]
	if known {
		f := *e.Fault
		e.Fault = &f
	}
	return e, known
}

// Codes returns every known code in alphabetical order.
func Codes() []string {
	codes := []string{}
	for e := range maps.Values(explanations()) {
		codes = append(codes, e.Code)
	}
	slices.Sort(codes)
	return codes
}

// explanations returns the known codes (learn.microsoft.com, "Microsoft Graph error
// responses and resource types", and published responses), by their names in lower
// case. The advice is this project's.
var explanations = sync.OnceValue(func() map[string]Explanation {
	all := map[string]Explanation{}
	for _, list := range [][]Explanation{
		requestErrors(), permissionErrors(), temporaryErrors(), administratorErrors(),
	} {
		for _, e := range list {
			all[strings.ToLower(e.Code)] = e
		}
	}
	return all
})

// requestErrors concern the request.
func requestErrors() []Explanation {
	const (
		outdated = "the name of a property or a query option has a typing error, or this is a bug"
		invalid  = "a value is too long, has another type, or clears a property that cannot be cleared"
	)
	rejected := func() *fault.Error {
		return &fault.Error{Kind: fault.Invalid, What: "Microsoft Graph rejected a value", Fix: "check the values"}
	}
	malformed := func() *fault.Error {
		return &fault.Error{
			Kind: fault.Invalid,
			What: "Microsoft Graph does not understand the request",
			Fix:  "check whether a proxy changes requests",
			Next: fault.DoReport,
		}
	}
	return []Explanation{
		{codeBadRequest, rejected(), invalid},
		{"BadRequest", malformed(), "the request names no user (an app-only token), or is malformed"},
		{"invalidRequest", malformed(), outdated},
		{"notSupported", malformed(), outdated},
		{"Request_UnsupportedQuery", malformed(), outdated},
		{"ResourceNotFound", malformed(), "the address of Microsoft Graph has a path, or a wrong version"},
		{
			codeNotFound,
			&fault.Error{
				Kind: fault.Denied,
				What: "Microsoft Graph does not know this account",
				Fix:  "if the account is new, wait a minute and try again",
				Next: fault.DoUseOtherAccount,
			},
			"the account was deleted, or was created seconds ago and is not replicated yet",
		},
	}
}

// permissionErrors concern the access token and its permissions.
func permissionErrors() []Explanation {
	denied := func() *fault.Error {
		return &fault.Error{
			Kind:        fault.Denied,
			What:        "Microsoft Graph does not allow it",
			Fix:         "ask the tenant's administrator to grant the Microsoft Graph permission User.ReadWrite",
			ForOperator: true,
		}
	}
	rejected := func() *fault.Error {
		return &fault.Error{
			Kind: fault.SignIn,
			What: "Microsoft Graph does not accept the access token",
			Next: fault.DoSignIn,
		}
	}
	const consent = "the mid-tier lacks admin consent for User.ReadWrite, or the property is not one of the ten " +
		"that customers can change"
	const token = "the access token has expired, or was issued for another API"
	return []Explanation{
		{codeDenied, denied(), consent},
		{"Authorization_IdentityNotFound", denied(), "the access token belongs to an app of another tenant"},
		{"accessDenied", denied(), consent},
		{codeInvalidToken, rejected(), token},
		{"unauthenticated", rejected(), token},
		{
			"insufficient_claims",
			&fault.Error{
				Kind: fault.StepUp,
				What: "Microsoft Graph requires a second factor",
				Next: fault.DoStepUp,
			},
			"a Conditional Access policy applies to Microsoft Graph",
		},
	}
}

// temporaryErrors pass if the request is repeated later.
func temporaryErrors() []Explanation {
	busy := func(what string) *fault.Error {
		return &fault.Error{Kind: fault.Unavailable, What: what, Fix: "try again in a minute"}
	}
	const (
		limited   = "Microsoft Graph receives too many requests"
		disturbed = "Microsoft Graph is unavailable or overloaded"
		limit     = "the app, the user or the tenant reached a limit of Microsoft Graph"
		service   = "an outage of Microsoft's service"
	)
	return []Explanation{
		{"TooManyRequests", busy(limited), limit},
		{"activityLimitReached", busy(limited), limit},
		{codeConcurrent, busy("the account is being changed by another request"),
			"two edits of the same account were made at the same time"},
		{"generalException", busy(disturbed), service},
		{"serviceNotAvailable", busy(disturbed), service},
		{"UnknownError", busy(disturbed), service},
		{
			"Directory_QuotaExceeded",
			&fault.Error{
				Kind: fault.Denied,
				What: "the tenant has reached its limit of objects",
				Fix:  "ask the tenant's administrator and give the correlation id",
			},
			"trial tenants have room for 10,000 objects, others for 300,000",
		},
	}
}

// administratorErrors are those of a setup.
func administratorErrors() []Explanation {
	denied := func(what, fix string) *fault.Error {
		return &fault.Error{Kind: fault.Denied, What: what, Fix: fix, ForOperator: true}
	}
	const policy = "an app management policy of the tenant restricts credentials or identifiers of apps"
	return []Explanation{
		{
			"Request_MultipleObjectsWithSameKeyValue",
			&fault.Error{
				Kind: fault.Conflict,
				What: "the object exists already",
				Fix:  "run the command again: it uses the existing object",
			},
			"two administrators set the tenant up at the same time, or a new object is not replicated yet",
		},
		{
			"CredentialTypeNotAllowedAsPerAppPolicy",
			denied("the tenant does not allow this kind of credential for apps",
				"use a certificate or a federated credential instead of a secret"),
			policy,
		},
		{
			"CredentialInvalidLifetimeAsPerAppPolicy",
			denied("the tenant does not allow a credential to be valid for this long",
				"choose a shorter lifetime for the credential"),
			policy,
		},
		{
			"InvalidUniqueTenantIdentifierAsPerAppPolicy",
			denied("the tenant does not allow this App ID URI",
				"use api:// and the client ID, or request version 2 tokens for the app"),
			policy,
		},
		{
			"SignInAudienceNotAllowedAsPerAppPolicy",
			denied("the tenant does not allow this kind of accounts for apps", "register the app as single-tenant"),
			policy,
		},
	}
}
