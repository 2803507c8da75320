package sandbox_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

// graphTokens returns an access token that may read the user's profile, and one
// that may also change it.
func (c *client) graphTokens() (read, write string) {
	c.t.Helper()
	read = c.tokens(readScope).AccessToken
	write = c.exchange(c.tokens("openid " + c.facts.EditScope).AccessToken).AccessToken
	return read, write
}

// graph sends a request to Graph and returns the status and the members of the
// response. A body is declared as JSON.
func (c *client) graph(method, path, token, body string, header ...string) (int, map[string]any) {
	c.t.Helper()
	if body != "" {
		header = append([]string{"Content-Type", "application/json"}, header...)
	}
	res, raw := c.graphResponse(method, path, token, body, header...)
	var members map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &members); err != nil {
			c.t.Fatalf("%s: %v", raw, err)
		}
	}
	return res.StatusCode, members
}

// graphResponse sends a request to Graph and returns the response and its body. The
// header consists of names and values; an empty value removes a header.
func (c *client) graphResponse(method, path, token, body string, header ...string) (*http.Response, []byte) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.facts.Graph+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	res, err := c.tenant.Client().Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, name := range []string{"request-id", "client-request-id", "x-ms-ags-diagnostic", "Date", "Vary"} {
		if res.Header.Get(name) == "" {
			c.t.Errorf("%s %s: no %s", method, path, name)
		}
	}
	return res, raw
}

// graphCode returns the code of an error of Graph, or an empty string.
func graphCode(members map[string]any) string {
	e, _ := members["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

func TestGraphUpdates(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, write := c.graphTokens()
	const (
		unreadable   = "BadRequest"
		badRequest   = "Request_BadRequest"
		denied       = "Authorization_RequestDenied"
		invalidToken = "InvalidAuthenticationToken"
	)
	allTen := `{"displayName":"A","givenName":"A","surname":"A","jobTitle":"A","streetAddress":"A",` +
		`"postalCode":"A","city":"A","state":"A","country":"A","preferredLanguage":"de"}`
	longest := strings.Repeat("😀", 32) // 64 UTF-16 code units
	for _, row := range []struct {
		name, token, body string
		status            int
		code              string
	}{
		{"all ten properties", write, allTen, 204, ""},
		{"null", write, `{"city":null}`, 204, ""},
		{"the longest value", write, `{"givenName":"` + longest + `"}`, 204, ""},
		{"a value that is too long", write, `{"givenName":"` + longest + `a"}`, 400, badRequest},
		{"null for the display name", write, `{"displayName":null}`, 400, badRequest},
		{"an empty string", write, `{"city":""}`, 400, badRequest},
		{"a number", write, `{"city":1}`, 400, badRequest},
		{"a property that users may not change", write, `{"mail":"a@b"}`, 403, denied},
		{"a valid and a forbidden property", write, `{"city":"B","accountEnabled":false}`, 403, denied},
		{"an invalid and a forbidden property", write, `{"city":"","accountEnabled":false}`, 403, denied},
		{"the type of a user", write, `{"@odata.type":"#microsoft.graph.user","city":"B"}`, 204, ""},
		{"other annotations", write, `{"@odata.context":"x","city@odata.type":"#String","city":"B"}`, 204, ""},
		{"names in another case", write, `{"City":"B","POSTALCODE":null}`, 204, ""},
		{"the type of a group", write, `{"@odata.type":"#microsoft.graph.group","city":"C"}`, 400, unreadable},
		{"a type that is not a string", write, `{"@odata.type":1,"city":"C"}`, 400, unreadable},
		{"an unknown property", write, `{"shoeSize":"C","city":"C"}`, 400, unreadable},
		{"a custom attribute", write, `{"extension_0123_Color":"C"}`, 403, denied},
		{"a relationship", write, `{"manager":"C"}`, 403, denied},
		{"a property twice", write, `{"city":"C","City":"C"}`, 400, unreadable},
		{"two objects", write, `{"city":"C"}{}`, 400, unreadable},
		{"a list", write, `["city"]`, 400, unreadable},
		{"half an object", write, `{"city":"C"`, 400, unreadable},
		{"not JSON", write, `city=C`, 400, unreadable},
		{"no property", write, `{}`, 400, unreadable},
		{"only annotations", write, `{"@odata.type":"#microsoft.graph.user"}`, 400, unreadable},
		{"a token that may only read", read, `{"city":"B"}`, 403, denied},
		{"no token", "", `{"city":"B"}`, 401, invalidToken},
		{"a malformed token", "x.y.z", `{"city":"B"}`, 401, invalidToken},
	} {
		status, members := c.graph(http.MethodPatch, "/v1.0/me", row.token, row.body)
		if code := graphCode(members); status != row.status || code != row.code {
			t.Errorf("%s: got %d %s, want %d %s", row.name, status, code, row.status, row.code)
		}
		if e, ok := members["error"].(map[string]any); ok {
			if inner, ok := e["innerError"].(map[string]any); !ok || inner["request-id"] == "" {
				t.Errorf("%s: no innerError", row.name)
			}
		}
	}
	if city := c.tenant.Profile(c.facts.User)["city"]; city == nil || *city != "B" {
		t.Errorf("a rejected change was stored: %v", city)
	}
}

func TestGraphReadsLagBehindUpdates(t *testing.T) {
	c := newClient(t, sandbox.Config{ReadLag: time.Minute})
	read, write := c.graphTokens()
	if status, _ := c.graph(http.MethodPatch, "/v1.0/me", write, `{"city":"Bern"}`); status != 204 {
		t.Fatalf("update: got %d", status)
	}
	if _, me := c.graph(http.MethodGet, "/v1.0/me?$select=city", read, ""); me["city"] != "Copenhagen" {
		t.Errorf("before the lag is over: got %v", me)
	}
	c.tenant.FastForward(2 * time.Minute)
	if _, me := c.graph(http.MethodGet, "/v1.0/me?$select=city", read, ""); me["city"] != "Bern" {
		t.Errorf("after the lag: got %v", me)
	}
}

func TestGraphChecksTheFormatOfUpdates(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	_, write := c.graphTokens()
	const body = `{"city":"Bern"}`
	bomb := gzipped(`{"city":"` + strings.Repeat("a", 10<<20) + `"}`)
	for _, row := range []struct {
		name, body, contentType, encoding string
		status                            int
	}{
		{"JSON with a charset", body, "application/json; charset=utf-8", "", 204},
		{"JSON with OData parameters", body, "application/json;odata.metadata=minimal", "", 204},
		{"gzip", gzipped(body), "application/json", "gzip", 204},
		{"identity", body, "application/json", "identity", 204},
		{"no Content-Type", body, "", "", 400},
		{"a form", "city=Bern", "application/x-www-form-urlencoded", "", 400},
		{"text", body, "text/plain", "", 400},
		{"a malformed Content-Type", body, ";", "", 400},
		{"gzip that is not gzip", body, "application/json", "gzip", 400},
		{"half of gzip", gzipped(body)[:20], "application/json", "gzip", 400},
		{"an unknown encoding", body, "application/json", "br", 415},
		{"a decompression bomb", bomb, "application/json", "gzip", 413},
		{"a body that is too large", strings.Repeat(" ", 1<<20) + body, "application/json", "", 413},
	} {
		res, raw := c.graphResponse(http.MethodPatch, "/v1.0/me", write, row.body,
			"Content-Type", row.contentType, "Content-Encoding", row.encoding)
		if res.StatusCode != row.status {
			t.Errorf("%s: got %d %s, want %d", row.name, res.StatusCode, raw, row.status)
		}
	}
}

func gzipped(text string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text)) // a bytes.Buffer never fails
	w.Close()
	return packed.String()
}

func TestGraphIgnoresPreferencesOfUpdates(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	_, write := c.graphTokens()
	for _, header := range [][]string{{"Prefer", "return=representation"}, {"If-Match", `"x"`}} {
		if status, _ := c.graph(http.MethodPatch, "/v1.0/me", write, `{"city":"Bern"}`, header...); status != 204 {
			t.Errorf("%v: got %d", header, status)
		}
	}
}

func TestGraphFaultsHaveTheErrorsOfGraph(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := c.graphTokens()
	for _, row := range []struct {
		fault                  sandbox.Fault
		path, code, retryAfter string
	}{
		{sandbox.Fault{Part: "graph", Status: 429}, "/v1.0/me", "TooManyRequests", "10"},
		{sandbox.Fault{Part: "graph", Status: 429, RetryAfter: 3}, "/oidc/userinfo", "TooManyRequests", "3"},
		{sandbox.Fault{Part: "graph", Status: 503, RetryAfter: 3}, "/v1.0/me", "serviceNotAvailable", "3"},
		{sandbox.Fault{Part: "graph", Status: 500}, "/beta/me", "generalException", ""},
		{sandbox.Fault{Part: "graph", Status: 401}, "/v1.0/me", "InvalidAuthenticationToken", ""},
	} {
		c.tenant.FailNext(row.fault)
		res, raw := c.graphResponse(http.MethodGet, row.path, read, "")
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Errorf("%d: %v", row.fault.Status, err)
		}
		retryAfter := res.Header.Get("Retry-After")
		if res.StatusCode != row.fault.Status || graphCode(members) != row.code || retryAfter != row.retryAfter {
			t.Errorf("%d: got %d %s, Retry-After %q", row.fault.Status, res.StatusCode, raw, retryAfter)
		}
	}
}
