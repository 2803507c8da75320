package graph

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// defaultProperties returns the properties that GET returns without $select
// (learn.microsoft.com, "Get user").
func defaultProperties() []string {
	return []string{
		"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
		"officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
	}
}

// directoryProperties returns the other properties of a user that the directory stores
// (learn.microsoft.com, "user resource type"). Beta returns them by default.
func directoryProperties() []string {
	return []string{
		"accountEnabled", "ageGroup", "assignedLicenses", "assignedPlans", "authorizationInfo", "city",
		"companyName", "consentProvidedForMinor", "country", "createdDateTime", "creationType",
		"deletedDateTime", "department", "employeeHireDate", "employeeId", "employeeOrgData",
		"employeeType", "externalUserState", "externalUserStateChangeDateTime", "faxNumber", "identities",
		"imAddresses", "isManagementRestricted", "isResourceAccount", "lastPasswordChangeDateTime",
		"legalAgeGroupClassification", "licenseAssignmentStates", "mailNickname",
		"onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesExtensionAttributes",
		"onPremisesImmutableId", "onPremisesLastSyncDateTime", "onPremisesObjectIdentifier",
		"onPremisesProvisioningErrors", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
		"onPremisesSyncEnabled", "onPremisesUserPrincipalName", "otherMails", "passwordPolicies",
		"passwordProfile", "postalCode", "preferredDataLocation", "provisionedPlans", "proxyAddresses",
		"refreshTokensValidFromDateTime", "securityIdentifier", "serviceProvisioningErrors",
		"showInAddressList", "signInSessionsValidFromDateTime", "state", "streetAddress", "usageLocation",
		"userType",
	}
}

// otherProperties returns the properties that another service stores, or that need a
// permission of their own.
func otherProperties() []string {
	return append(specialProperties(), "aboutMe", "birthday", "hireDate", "interests", "mySite", "pastProjects",
		"preferredName", "responsibilities", "schools", "skills")
}

// specialProperties returns the properties that need a permission that the tenant does
// not grant (learn.microsoft.com, "Get user", permissions for specific scenarios).
func specialProperties() []string {
	return []string{"customSecurityAttributes", "employeeLeaveDateTime", "mailboxSettings", "signInActivity"}
}

// navigationProperties returns the relationships of a user. Of those, expandable ones
// can be expanded.
func navigationProperties() []string {
	return append(expandableProperties(), "activities", "agreementAcceptances", "authentication", "calendar",
		"calendarGroups", "calendarView", "calendars", "chats", "contactFolders", "contacts", "createdObjects",
		"drive", "drives", "events", "followedSites", "inferenceClassification", "insights", "joinedTeams",
		"licenseDetails", "mailFolders", "managedDevices", "messages", "oauth2PermissionGrants", "onenote",
		"onlineMeetings", "outlook", "people", "photo", "photos", "planner", "presence", "print",
		"scopedRoleMemberOf", "settings", "teamwork", "todo")
}

func expandableProperties() []string {
	return []string{
		"appRoleAssignments", "directReports", "extensions", "manager", "memberOf", "ownedDevices",
		"ownedObjects", "registeredDevices", "transitiveMemberOf",
	}
}

// propertyName returns the spelling of a property of a user, whose case in requests is
// ignored, and whether it exists.
func propertyName(name string) (string, bool) {
	for _, names := range [][]string{defaultProperties(), directoryProperties(), otherProperties()} {
		for _, known := range names {
			if strings.EqualFold(known, name) {
				return known, true
			}
		}
	}
	return "", false
}

// isExtension reports whether name has the form of a directory extension, such as a
// custom attribute of a sign-up form: extension_{app id without dashes}_{name}.
func isExtension(name string) bool {
	return len(name) <= maxExtension && strings.HasPrefix(strings.ToLower(name), "extension_")
}

// maxExtension limits the length of the name of a directory extension.
const maxExtension = 200

// value returns the value of one property. The mail of a customer is null; identities
// holds the email address for signing in. That accounts are local accounts with a
// nickname like their userPrincipalName is inferred.
func value(u directory.User, name, domain string) any {
	upn := u.ID + "@" + domain
	if u.Work {
		upn = u.Email
	}
	switch name {
	case "id", "mailNickname":
		return u.ID
	case "userPrincipalName":
		return upn
	case "accountEnabled":
		return true
	case "userType":
		return "Member"
	case "creationType":
		if u.Work {
			return nil
		}
		return "LocalAccount"
	case "createdDateTime":
		return timestamp(u.Created)
	case "lastPasswordChangeDateTime":
		return timestamp(slices.MaxFunc([]time.Time{u.Created, u.PasswordChanged}, time.Time.Compare))
	case "refreshTokensValidFromDateTime", "signInSessionsValidFromDateTime":
		return timestamp(slices.MaxFunc([]time.Time{u.Created, u.NotBefore}, time.Time.Compare))
	case "identities":
		identities := []map[string]string{
			{"signInType": "emailAddress", "issuer": domain, "issuerAssignedId": u.Email},
			{"signInType": "userPrincipalName", "issuer": domain, "issuerAssignedId": upn},
		}
		if u.Work {
			return identities[1:]
		}
		return identities
	}
	if empty, ok := emptyValue(name); ok {
		return empty
	}
	return u.Profile[name]
}

// emptyValue returns the value of a property that is a collection or an object, and
// that no customer has.
func emptyValue(name string) (any, bool) {
	switch name {
	case "assignedLicenses", "assignedPlans", "businessPhones", "imAddresses", "interests",
		"licenseAssignmentStates", "onPremisesProvisioningErrors", "otherMails", "pastProjects",
		"provisionedPlans", "proxyAddresses", "responsibilities", "schools", "serviceProvisioningErrors", "skills":
		return []string{}, true
	case "authorizationInfo":
		return map[string]any{"certificateUserIds": []string{}}, true
	case "onPremisesExtensionAttributes":
		const count = 15
		attributes := map[string]any{}
		for i := range count {
			attributes[fmt.Sprintf("extensionAttribute%d", i+1)] = nil
		}
		return attributes, true
	}
	return nil, false
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
