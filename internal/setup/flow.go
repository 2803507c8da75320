package setup

import (
	"net/http"
	"slices"
)

// flowName returns the display name of the user flow that is created if none is used.
func (w Wanted) flowName() string {
	if w.UserFlow != "" {
		return w.UserFlow
	}
	return "Sign up and sign in for " + w.ClientName
}

// chooseFlow returns the user flow that the client is or gets linked to: the one that it
// is linked to already, the one that is named, that of the setup, or the only one of the
// tenant. It returns the zero value if one must be created.
func (w Wanted) chooseFlow(t *Tenant) userFlow {
	matches := []func(userFlow) bool{
		func(f userFlow) bool { return f.ID == t.linkedTo },
		func(f userFlow) bool { return f.DisplayName == w.UserFlow },
		func(f userFlow) bool { return w.isMarked(f.Description) },
		func(userFlow) bool { return w.UserFlow == "" && len(t.flows) == 1 },
	}
	for _, match := range matches {
		if i := slices.IndexFunc(t.flows, match); i >= 0 {
			return t.flows[i]
		}
	}
	return userFlow{}
}

// userFlow lets customers sign up and sign in with email and password.
func (w Wanted) userFlow() object {
	return object{
		id:    "flow",
		title: "user flow",
		named: func(t *Tenant) string {
			if f := w.chooseFlow(t); f.ID != "" {
				return f.DisplayName
			}
			return w.flowName()
		},
		reads: readFlows,
		hand: "Entra admin center > External Identities > User flows > New user flow; name " + w.flowName() +
			", email with password",
		next: func(t *Tenant) *write {
			if w.chooseFlow(t).ID != "" {
				return nil
			}
			shows := []Difference{
				{Property: "displayName", To: w.flowName()},
				{Property: "identityProviders", To: emailPassword},
			}
			return creates(flowsPath, w.newFlow(), shows, func(t *Tenant, created userFlow) {
				t.flows = append(t.flows, created)
			})
		},
	}
}

const emailPassword = "EmailPassword-OAUTH"

// newFlow returns the body that creates the user flow, as the example of "Create
// authenticationEventsFlow" has it.
func (w Wanted) newFlow() map[string]any {
	const prefix, suffix = "#microsoft.graph.", "ExternalUsersSelfServiceSignUp"
	attribute := func(id, name, description string) map[string]any {
		return map[string]any{
			"id": id, "displayName": name, "description": description,
			"userFlowAttributeType": "builtIn", "dataType": "string",
		}
	}
	input := func(id, label, regex string, isEmail bool) map[string]any {
		return map[string]any{
			"attribute": id, "label": label, "inputType": "text", "hidden": isEmail, "editable": !isEmail,
			"writeToDirectory": true, "required": isEmail, "validationRegEx": regex,
		}
	}
	return map[string]any{
		"@odata.type": prefix + "externalUsersSelfServiceSignUpEventsFlow",
		"displayName": w.flowName(),
		"description": "Created by profilectl [" + w.tag() + "]",
		"onAuthenticationMethodLoadStart": map[string]any{
			"@odata.type":       prefix + "onAuthenticationMethodLoadStart" + suffix,
			"identityProviders": []map[string]any{{"id": emailPassword}},
		},
		"onInteractiveAuthFlowStart": map[string]any{
			"@odata.type":     prefix + "onInteractiveAuthFlowStart" + suffix,
			"isSignUpAllowed": true,
		},
		"onAttributeCollection": map[string]any{
			"@odata.type": prefix + "onAttributeCollection" + suffix,
			"attributes": []map[string]any{
				attribute("email", "Email Address", "Email address of the user"),
				attribute("displayName", "Display Name", "Display Name of the User."),
			},
			"attributeCollectionPage": map[string]any{"views": []map[string]any{{"inputs": []map[string]any{
				input("email", "Email Address", "^[^@]+@[^@]+$", true),
				input("displayName", "Display Name", "^.*", false),
			}}}},
		},
	}
}

// flowLink links the client to the user flow. Without a flow, customers cannot sign in to
// it. An application can be linked to one flow only.
func (w Wanted) flowLink() object {
	return object{
		id:    "flow.link",
		title: "link of " + w.ClientName + " to the user flow",
		needs: []string{"flow", "client.principal"},
		reads: readFlows,
		lag:   replicating(),
		hand: "Entra admin center > External Identities > User flows > (the flow) > Applications > " +
			"Add application; choose " + w.ClientName,
		next: func(t *Tenant) *write {
			if t.linkedTo != "" {
				return nil
			}
			flow := w.chooseFlow(t)
			name := flow.DisplayName
			if flow.ID == "" {
				name = w.flowName()
			}
			return &write{
				action: Create,
				method: http.MethodPost,
				path:   linksPath(flow.ID),
				body:   linkedApp{Type: "#microsoft.graph.authenticationConditionApplication", AppID: t.client.AppID},
				shows: []Difference{
					{Property: "user flow", To: name},
					{Property: "appId", To: orLater(t.client.AppID)},
				},
				done: func(t *Tenant, _ []byte) error {
					t.linkedTo = flow.ID
					return nil
				},
			}
		},
	}
}
