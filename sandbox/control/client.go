package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxResponse limits the bytes read of one response. The longest is an exported
// tenant.
const maxResponse = 64 << 20

// Client calls the control API of one sandbox. All fields must be set. It is
// safe for concurrent use.
//
// Its methods return an *Error if the sandbox rejects the request, and the
// wrapped error of HTTP if the sandbox cannot be reached.
type Client struct {
	URL  string // address of the API, such as http://localhost:8442/control
	Key  string // bearer token that the API requires
	HTTP *http.Client
}

// Error reports that the sandbox rejected a request.
type Error struct {
	Status  int    // HTTP status: 404 if what the request names does not exist, 500 after a StorageError
	Message string // the sandbox's reason
}

// Error returns the sandbox's reason.
func (e *Error) Error() string { return e.Message }

// Facts returns the ids and addresses of the tenant.
func (c *Client) Facts(ctx context.Context) (Facts, error) {
	return get[Facts](ctx, c, "/facts")
}

// Users returns all accounts, without passwords and profiles.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	return get[[]User](ctx, c, "/users")
}

// AddUser adds an account and returns it with its id and its password.
func (c *Client) AddUser(ctx context.Context, user User) (User, error) {
	var added User
	err := c.call(ctx, http.MethodPost, "/users", user, &added)
	return added, err
}

// SetMFA sets whether an account needs a second factor at every sign-in.
func (c *Client) SetMFA(ctx context.Context, email string, on bool) error {
	return c.ChangeUser(ctx, email, UserChange{MFA: &on})
}

// User returns an account with its profile.
func (c *Client) User(ctx context.Context, email string) (User, error) {
	return get[User](ctx, c, "/users/"+url.PathEscape(email))
}

// ChangeUser changes an account, or nothing of it after an error.
func (c *Client) ChangeUser(ctx context.Context, email string, change UserChange) error {
	return c.call(ctx, http.MethodPatch, "/users/"+url.PathEscape(email), change, nil)
}

// RemoveUser removes an account.
func (c *Client) RemoveUser(ctx context.Context, email string) error {
	return c.call(ctx, http.MethodDelete, "/users/"+url.PathEscape(email), nil, nil)
}

// ResetPassword gives an account a new password and returns it. The tenant generates
// one if password is empty. It ends the sign-ins of the user and unlocks the account.
func (c *Client) ResetPassword(ctx context.Context, email, password string) (string, error) {
	reset := PasswordReset{Password: password}
	err := c.call(ctx, http.MethodPost, "/users/"+url.PathEscape(email)+"/password", reset, &reset)
	return reset.Password, err
}

// RevokeSessions ends every sign-in of a user.
func (c *Client) RevokeSessions(ctx context.Context, email string) error {
	return c.call(ctx, http.MethodPost, "/revoke", Revocation{Email: email}, nil)
}

// Apps returns all app registrations, without secrets.
func (c *Client) Apps(ctx context.Context) ([]App, error) {
	return get[[]App](ctx, c, "/apps")
}

// AddApp registers an app and returns it with its client id and secret.
func (c *Client) AddApp(ctx context.Context, app App) (App, error) {
	var added App
	err := c.call(ctx, http.MethodPost, "/apps", app, &added)
	return added, err
}

// ChangeApp changes an app registration.
func (c *Client) ChangeApp(ctx context.Context, clientID string, change AppChange) error {
	return c.call(ctx, http.MethodPatch, "/apps/"+url.PathEscape(clientID), change, nil)
}

// RemoveApp removes an app registration.
func (c *Client) RemoveApp(ctx context.Context, clientID string) error {
	return c.call(ctx, http.MethodDelete, "/apps/"+url.PathEscape(clientID), nil, nil)
}

// AddCredential registers a credential of a confidential client.
func (c *Client) AddCredential(ctx context.Context, clientID string, credential Credential) error {
	return c.call(ctx, http.MethodPost, "/apps/"+url.PathEscape(clientID)+"/credentials", credential, nil)
}

// ReplaceSecret gives a confidential client a new secret, which replaces the old one,
// and returns it.
func (c *Client) ReplaceSecret(ctx context.Context, clientID string) (secret string, err error) {
	var app App
	err = c.call(ctx, http.MethodPost, "/apps/"+url.PathEscape(clientID)+"/secret", nil, &app)
	return app.Secret, err
}

// SetPermissions replaces the scopes that an administrator has granted to an app.
func (c *Client) SetPermissions(ctx context.Context, clientID string, permissions ...string) error {
	path := "/apps/" + url.PathEscape(clientID) + "/permissions"
	return c.call(ctx, http.MethodPut, path, append([]string{}, permissions...), nil)
}

// SetOptionalClaims sets the optional claims of the access tokens for an API.
func (c *Client) SetOptionalClaims(ctx context.Context, clientID string, names ...string) error {
	return c.call(ctx, http.MethodPut, "/apps/"+url.PathEscape(clientID)+"/optional-claims", names, nil)
}

// SetIDTokenClaims sets the optional claims of the ID tokens for a client.
func (c *Client) SetIDTokenClaims(ctx context.Context, clientID string, names ...string) error {
	return c.call(ctx, http.MethodPut, "/apps/"+url.PathEscape(clientID)+"/id-token-claims", names, nil)
}

// Attributes returns the custom attributes of users.
func (c *Client) Attributes(ctx context.Context) ([]Attribute, error) {
	return get[[]Attribute](ctx, c, "/attributes")
}

// AddAttribute adds a custom attribute and returns it with its property.
func (c *Client) AddAttribute(ctx context.Context, attribute Attribute) (Attribute, error) {
	var added Attribute
	err := c.call(ctx, http.MethodPost, "/attributes", attribute, &added)
	return added, err
}

// RemoveAttribute removes a custom attribute, by its property, with the values that users have.
func (c *Client) RemoveAttribute(ctx context.Context, property string) error {
	return c.call(ctx, http.MethodDelete, "/attributes/"+url.PathEscape(property), nil, nil)
}

// Policies returns all Conditional Access policies.
func (c *Client) Policies(ctx context.Context) ([]Policy, error) {
	return get[[]Policy](ctx, c, "/policies")
}

// AddPolicy adds a policy and returns it with its id.
func (c *Client) AddPolicy(ctx context.Context, policy Policy) (Policy, error) {
	var added Policy
	err := c.call(ctx, http.MethodPost, "/policies", policy, &added)
	return added, err
}

// SwitchPolicy switches the policy with an id on or off.
func (c *Client) SwitchPolicy(ctx context.Context, id string, on bool) error {
	return c.call(ctx, http.MethodPatch, "/policies/"+url.PathEscape(id), PolicyChange{On: on}, nil)
}

// RemovePolicy removes the policy with an id.
func (c *Client) RemovePolicy(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/policies/"+url.PathEscape(id), nil, nil)
}

// Policy returns the seeded policy, which guards the edit scope.
func (c *Client) Policy(ctx context.Context) (Policy, error) {
	return get[Policy](ctx, c, "/policy")
}

// SetPolicy switches the seeded policy on or off.
func (c *Client) SetPolicy(ctx context.Context, on bool) error {
	return c.call(ctx, http.MethodPut, "/policy", Policy{On: on}, nil)
}

// FailNext makes the next request to the fault's part fail.
func (c *Client) FailNext(ctx context.Context, fault Fault) error {
	return c.call(ctx, http.MethodPost, "/faults", fault, nil)
}

// Recover discards the faults that have not happened yet.
func (c *Client) Recover(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/faults", nil, nil)
}

// Faults returns the faults that have not happened yet, in their order.
func (c *Client) Faults(ctx context.Context) ([]Fault, error) {
	return get[[]Fault](ctx, c, "/faults")
}

// Clock returns what the tenant's clock shows.
func (c *Client) Clock(ctx context.Context) (Clock, error) {
	return get[Clock](ctx, c, "/clock")
}

// ChangeClock changes the tenant's clock.
func (c *Client) ChangeClock(ctx context.Context, change ClockChange) error {
	return c.call(ctx, http.MethodPost, "/clock", change, nil)
}

// FastForward moves the tenant's clock forward, or back if d is negative.
func (c *Client) FastForward(ctx context.Context, d time.Duration) error {
	return c.ChangeClock(ctx, ClockChange{Forward: d.String()})
}

// RotateKeys makes the tenant sign with a new key.
func (c *Client) RotateKeys(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/keys", nil, nil)
}

// Mail returns the emails to an address, the newest first, or all emails if to
// is empty.
func (c *Client) Mail(ctx context.Context, to string) ([]Message, error) {
	return get[[]Message](ctx, c, "/mail?to="+url.QueryEscape(to))
}

// WaitForMail returns the emails to an address, or to any if to is empty, whose
// number is greater than after, the newest first. If there is none, it waits for
// one, but not longer than wait and a minute; the result may then be empty.
func (c *Client) WaitForMail(ctx context.Context, to string, after int64, wait time.Duration) ([]Message, error) {
	q := url.Values{"to": {to}, "after": {strconv.FormatInt(after, 10)}, "wait": {wait.String()}}
	return get[[]Message](ctx, c, "/mail?"+q.Encode())
}

// Requests returns the latest requests that the tenant received, the oldest
// first.
func (c *Client) Requests(ctx context.Context) ([]Request, error) {
	return get[[]Request](ctx, c, "/requests")
}

func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	var result T
	err := c.call(ctx, http.MethodGet, path, nil, &result)
	return result, err
}

// Export returns the whole tenant as YAML, on request with its keys.
func (c *Client) Export(ctx context.Context, keys bool) ([]byte, error) {
	return c.send(ctx, http.MethodGet, "/tenant?keys="+strconv.FormatBool(keys), nil)
}

// Import replaces the tenant with an exported one.
func (c *Client) Import(ctx context.Context, file []byte) error {
	_, err := c.send(ctx, http.MethodPut, "/tenant", file)
	return err
}

// Seed adds the users, apps and policies of a file that the tenant does not have.
func (c *Client) Seed(ctx context.Context, file []byte) error {
	_, err := c.send(ctx, http.MethodPost, "/tenant", file)
	return err
}

// call sends one request and decodes the response into result, unless that is
// nil.
func (c *Client) call(ctx context.Context, method, path string, body, result any) error {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encode request to the sandbox: %w", err)
		}
	}
	raw, err := c.send(ctx, method, path, content)
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("decode the sandbox's response: %w", err)
	}
	return nil
}

// send sends one request and returns the body of the response.
func (c *Client) send(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("call the sandbox: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, fmt.Errorf("call the sandbox: %w", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxResponse))
	if err != nil {
		return nil, fmt.Errorf("read the sandbox's response: %w", err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return nil, &Error{Status: res.StatusCode, Message: strings.TrimSpace(string(raw))}
	}
	return raw, nil
}
