// Package wireshape records the shapes of HTTP exchanges: status codes, names of headers
// and parameters, names and types of the members of bodies, and error codes. It keeps no
// values, so that someone with a real tenant can publish a recording. Compare finds where
// two recordings of the same journey differ.
package wireshape

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Shape is the shape of one exchange.
type Shape struct {
	Step     string   `json:"step"`     // of the journey
	Endpoint string   `json:"endpoint"` // such as "token"; "other" for an unknown one
	Grant    string   `json:"grant,omitempty"`
	Request  []string `json:"request"` // names of parameters and members, sorted
	Status   int      `json:"status"`
	Headers  []string `json:"headers"` // names, sorted
	// Body has the type of each member by its path, such as "error_codes[]": "number".
	// A member whose value is an error code has the code after its type.
	Body map[string]string `json:"body"`
	// Redirect has the parameters of the Location header, like Body.
	Redirect map[string]string `json:"redirect,omitempty"`
}

// Recorder is a transport that records the exchanges that pass it. It is safe for
// concurrent use.
type Recorder struct {
	Next http.RoundTripper

	mu     sync.Mutex
	step   string
	shapes []Shape
}

// Begin names the step of the journey to which the following exchanges belong.
func (r *Recorder) Begin(step string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step = step
}

// Shapes returns what was recorded, in order.
func (r *Recorder) Shapes() []Shape {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.shapes)
}

// maxBody is the size in bytes up to which a body is recorded.
const maxBody = 1 << 20

// RoundTrip sends a request with Next and records the exchange.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := req.Clone(req.Context()) // a RoundTripper must not change the request
	body, err := drain(&sent.Body)
	if err != nil {
		return nil, err
	}
	res, err := r.Next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	content, err := drain(&res.Body)
	if err != nil {
		return nil, err
	}
	shape := Shape{
		Endpoint: endpoint(req.URL.Path),
		Status:   res.StatusCode,
		Headers:  headerNames(res.Header),
		Body:     bodyShape(content),
		Redirect: redirectShape(res.Header.Get("Location")),
	}
	shape.Request, shape.Grant = requestShape(req.URL, body)
	r.mu.Lock()
	defer r.mu.Unlock()
	shape.Step = r.step
	r.shapes = append(r.shapes, shape)
	return res, nil
}

// drain reads a body and replaces it by a copy.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	content, err := io.ReadAll(io.LimitReader(*body, maxBody))
	rest := io.MultiReader(bytes.NewReader(content), *body)
	*body = struct {
		io.Reader
		io.Closer
	}{rest, *body}
	return content, err
}

// endpoint returns the name of the endpoint with a path.
func endpoint(path string) string {
	for _, known := range []struct{ suffix, name string }{
		{"/.well-known/openid-configuration", "discovery"},
		{"/discovery/v2.0/keys", "keys"},
		{"/oauth2/v2.0/authorize", "authorize"},
		{"/oauth2/v2.0/token", "token"},
		{"/oauth2/v2.0/devicecode", "devicecode"},
		{"/oauth2/v2.0/logout", "logout"},
		{"/v1.0/me", "me"},
		{"/updateUserInfo", "mid-tier"},
	} {
		if strings.HasSuffix(path, known.suffix) {
			return known.name
		}
	}
	return "other"
}

// requestShape returns the names of the parameters of a request, and its grant type.
func requestShape(u *url.URL, body []byte) (names []string, grant string) {
	query := u.Query()
	members := map[string]json.RawMessage{}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Has("client_id") {
		for name := range form {
			query[name] = form[name]
		}
	} else if json.Unmarshal(body, &members) == nil {
		for name := range members {
			query.Set(name, "")
		}
	}
	for name := range query {
		names = append(names, safeName(name))
	}
	slices.Sort(names)
	switch grant := query.Get("grant_type"); grant {
	case "authorization_code", "refresh_token", "device_code", "client_credentials":
		return names, grant
	}
	return names, ""
}

// headerNames returns the names of headers but of those that only describe the
// connection or the moment.
func headerNames(h http.Header) []string {
	ignored := []string{
		"Date", "Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding", "Server", "Via", "Alt-Svc", "Age",
	}
	names := []string{}
	for name := range h {
		if !slices.Contains(ignored, name) {
			names = append(names, safeName(name))
		}
	}
	slices.Sort(names)
	return names
}

// redirectShape returns the parameters of the address of a redirect.
func redirectShape(location string) map[string]string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return nil
	}
	shape := map[string]string{}
	for name, values := range u.Query() {
		shape[safeName(name)] = valueShape(name, values[0])
	}
	return shape
}

// bodyShape returns the members of a JSON body. Of another body, it returns no more than
// that there is one.
func bodyShape(content []byte) map[string]string {
	shape := map[string]string{}
	if len(content) == 0 {
		return shape
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		shape[""] = "not JSON"
		return shape
	}
	walk("", "", value, shape)
	return shape
}

// walk adds a value and its members to a shape.
func walk(path, name string, value any, shape map[string]string) {
	switch v := value.(type) {
	case map[string]any:
		if path != "" {
			shape[path] = "object"
		}
		for member, inner := range v {
			walk(strings.TrimPrefix(path+"."+safeName(member), "."), member, inner, shape)
		}
	case []any:
		shape[path] = "array"
		for _, inner := range v {
			walk(path+"[]", name, inner, shape)
		}
	case json.Number:
		shape[path] = "number"
		if _, err := strconv.Atoi(v.String()); err == nil && name == "error_codes" {
			shape[path] += " " + v.String()
		}
	case bool:
		shape[path] = "boolean"
	case nil:
		shape[path] = "null"
	case string:
		shape[path] = valueShape(name, v)
		nested(path, v, shape)
	}
}
