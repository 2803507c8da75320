package graph

import (
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// kind is what a path names.
type kind int

const (
	wholeUser  kind = iota // /me, /users/{id}
	property               // /me/displayName, /me/displayName/$value
	photo                  // /me/photo, /me/photo/$value; no user has one
	restricted             // a documented resource that users may not access, or that is not implemented
	userinfo               // /oidc/userinfo
	batch                  // /$batch
	password               // /me/changePassword
)

// target represents the resource that a path names.
type target struct {
	kind    kind
	version string // v1.0 or beta
	user    string // id or userPrincipalName; empty for the signed-in user
	name    string // of the property, spelled as Graph does
	raw     bool   // whether the path ends in $value
}

// parsePath returns the resource that a URL names. Names in paths ignore case
// (learn.microsoft.com, "Access data and methods by navigating Microsoft Graph").
func parsePath(u *url.URL) (target, *odata.Error) {
	segments := splitPath(u)
	if len(segments) == 2 && strings.EqualFold(segments[0], "oidc") && strings.EqualFold(segments[1], "userinfo") {
		return target{kind: userinfo}, nil
	}
	t := target{version: "v1.0"}
	switch {
	case len(segments) == 0 || !strings.EqualFold(segments[0], "v1.0") && !strings.EqualFold(segments[0], "beta"):
		return t, odata.BadRequest("Invalid version.") // the message is inferred
	case strings.EqualFold(segments[0], "beta"):
		t.version = "beta"
	}
	segments = segments[1:]
	if len(segments) == 0 { // the service document
		t.kind = restricted
		return t, nil
	}
	switch root, rest := segments[0], segments[1:]; {
	case strings.EqualFold(root, "me"):
		return t.parseRest(rest)
	case strings.EqualFold(root, "users") && len(rest) > 0:
		t.user = rest[0]
		return t.parseRest(rest[1:])
	case isQuotedUser(root): // users('id'), for names that begin with $
		t.user = root[len("users('") : len(root)-len("')")]
		return t.parseRest(rest)
	case root == "$batch" && len(rest) == 0:
		t.kind = batch
		return t, nil
	case containsFold(restrictedRoots(), root):
		t.kind = restricted
		return t, nil
	default:
		return t, odata.UnknownSegment(root)
	}
}

// parseRest parses what follows the user in a path.
func (t target) parseRest(rest []string) (target, *odata.Error) {
	if len(rest) == 0 {
		return t, nil
	}
	first := rest[0]
	t.raw = len(rest) > 1 && rest[len(rest)-1] == "$value"
	name, known := propertyName(first)
	switch {
	case t.user == "" && len(rest) == 1 && isChangePassword(first):
		t.kind = password
		return t, nil
	case strings.EqualFold(first, "photo"), strings.EqualFold(first, "photos"):
		t.kind = photo
		return t, nil
	case known && (len(rest) == 1 || len(rest) == 2 && t.raw):
		t.kind, t.name = property, name
		return t, nil
	case known:
		return t, odata.UnknownSegment(rest[1])
	case containsFold(navigationProperties(), first), containsFold(userActions(), first):
		t.kind = restricted
		return t, nil
	}
	return t, odata.UnknownSegment(first)
}

// splitPath returns the segments of a path without escapes and without empty ones.
func splitPath(u *url.URL) []string {
	var segments []string
	for s := range strings.SplitSeq(u.EscapedPath(), "/") {
		plain, err := url.PathUnescape(s)
		if err != nil {
			plain = s
		}
		if plain != "" {
			segments = append(segments, plain)
		}
	}
	return segments
}

func isQuotedUser(segment string) bool {
	const before, after = "users('", "')"
	return len(segment) > len(before)+len(after) && strings.HasSuffix(segment, after) &&
		strings.EqualFold(segment[:len(before)], before)
}

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// restrictedRoots returns the resources beside users that Graph has at its root, as far
// as apps for customers are likely to ask for them. No delegated permission that the
// tenant grants allows them.
func restrictedRoots() []string {
	return []string{
		"$metadata", "applications", "auditLogs", "devices", "directory", "directoryObjects",
		"directoryRoles", "domains", "groups", "identity", "invitations", "oauth2PermissionGrants", "organization",
		"policies", "servicePrincipals", "subscriptions", "users",
	}
}

// userActions returns the actions and functions of a user.
func userActions() []string {
	return []string{
		"assignLicense", "changePassword", "checkMemberGroups", "checkMemberObjects", "exportPersonalData",
		"getMemberGroups", "getMemberObjects", "revokeSignInSessions", "sendMail",
	}
}
