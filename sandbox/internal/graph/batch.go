package graph

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"

	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// maxBatch is the number of requests that a batch may have.
const maxBatch = 20

// batchRequest is one request of a batch (learn.microsoft.com, "Combine multiple HTTP
// requests using JSON batching").
type batchRequest struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// batchResponse is the response to one request of a batch. A body that is not JSON is
// base64.
type batchResponse struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body,omitempty"`
}

// batch handles POST of /$batch. It responds to the requests one after the other.
func (g *Graph) batch(w http.ResponseWriter, r *http.Request, t target) *odata.Error {
	raw, e := odata.ReadBody(w, r)
	if e != nil {
		return e
	}
	requests, e := parseBatch(raw)
	if e != nil {
		return e
	}
	responses := make([]batchResponse, 0, len(requests))
	for _, b := range requests {
		ctx, _ := audit.With(r.Context()) // the audit has one entry for the batch
		responses = append(responses, g.one(r.WithContext(ctx), t, b, responses))
	}
	audit.From(r.Context()).Answered("responded to a batch of %d requests", len(requests))
	g.out.SetHeaders(w, r)
	odata.WriteJSON(w, http.StatusOK, "application/json", map[string]any{"responses": responses})
	return nil
}

// parseBatch returns the requests of a batch in an order in which each comes after those
// that it depends on. The texts of its errors are inferred, but that about the
// Content-Type, which was published.
func parseBatch(raw []byte) ([]batchRequest, *odata.Error) {
	var batch struct {
		Requests []batchRequest `json:"requests"`
	}
	if json.Unmarshal(raw, &batch) != nil || len(batch.Requests) == 0 {
		return nil, odata.BadRequest(odata.Unreadable)
	}
	if len(batch.Requests) > maxBatch {
		return nil, odata.BadRequest("Number of batch request steps exceeds the maximum value of 20.")
	}
	for i, b := range batch.Requests {
		sameID := func(other batchRequest) bool { return strings.EqualFold(other.ID, b.ID) }
		switch {
		case b.ID == "" || b.Method == "" || b.URL == "":
			return nil, odata.BadRequest("A request of the batch has no id, method or url.")
		case slices.ContainsFunc(batch.Requests[:i], sameID):
			return nil, odata.BadRequest("The id '" + odata.Clean(b.ID) + "' is not unique in the batch.")
		case len(b.Body) > 0 && b.header("Content-Type") == "":
			return nil, odata.BadRequest("Write request with id '" + odata.Clean(b.ID) +
				"' does not contain a Content-Type header.")
		}
	}
	return inOrder(batch.Requests)
}

// inOrder sorts requests so that each comes after those that it depends on.
func inOrder(requests []batchRequest) (ordered []batchRequest, e *odata.Error) {
	isReady := func(b batchRequest) bool {
		return !slices.ContainsFunc(b.DependsOn, func(id string) bool {
			return !slices.ContainsFunc(ordered, func(done batchRequest) bool { return strings.EqualFold(done.ID, id) })
		})
	}
	for len(requests) > 0 {
		i := slices.IndexFunc(requests, isReady)
		if i < 0 {
			return nil, odata.BadRequest(
				"The requests of the batch depend on each other or on one that does not exist.")
		}
		ordered = append(ordered, requests[i])
		requests = slices.Delete(requests, i, i+1)
	}
	return ordered, nil
}

func (b batchRequest) header(name string) string {
	for known, value := range b.Headers {
		if strings.EqualFold(known, name) {
			return value
		}
	}
	return ""
}

// one responds to a request of a batch. A request that depends on a failed one fails.
func (g *Graph) one(outer *http.Request, t target, b batchRequest, earlier []batchResponse) batchResponse {
	failed := func(done batchResponse) bool {
		isNeeded := slices.ContainsFunc(b.DependsOn, func(id string) bool { return strings.EqualFold(id, done.ID) })
		return isNeeded && done.Status >= http.StatusBadRequest
	}
	out := &batchWriter{header: http.Header{}, status: http.StatusOK}
	r, e := b.request(outer, t)
	switch {
	case slices.ContainsFunc(earlier, failed):
		e = &odata.Error{
			Status:  http.StatusFailedDependency,
			Code:    "FailedDependency",
			Message: http.StatusText(http.StatusFailedDependency),
		}
		g.out.Error(out, outer, e)
	case e != nil:
		g.out.Error(out, outer, e)
	default:
		g.ServeHTTP(out, r)
	}
	return out.response(b.ID)
}

// request returns the request as a client would have sent it alone.
func (b batchRequest) request(outer *http.Request, t target) (*http.Request, *odata.Error) {
	u, err := url.Parse("/" + t.version + "/" + strings.TrimPrefix(b.URL, "/"))
	if err != nil || strings.Contains(strings.ToLower(u.Path), "$batch") {
		return nil, odata.BadRequest("The url of the request is not valid in a batch.")
	}
	r := outer.Clone(outer.Context())
	r.Method, r.URL, r.RequestURI = strings.ToUpper(b.Method), u, u.RequestURI()
	r.Header = http.Header{"Authorization": outer.Header.Values("Authorization")}
	for name, value := range b.Headers {
		r.Header.Set(name, value)
	}
	r.Body, r.ContentLength = http.NoBody, int64(len(b.Body))
	if len(b.Body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(b.Body))
	}
	return r, nil
}

// batchWriter is an http.ResponseWriter that keeps the response to one request.
type batchWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header of the response.
func (w *batchWriter) Header() http.Header { return w.header }

// WriteHeader keeps the status.
func (w *batchWriter) WriteHeader(status int) { w.status = status }

// Write keeps a part of the body.
func (w *batchWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

func (w *batchWriter) response(id string) batchResponse {
	response := batchResponse{ID: id, Status: w.status, Headers: map[string]string{}}
	for _, name := range []string{
		"Cache-Control", "Content-Type", "OData-Version", "Retry-After", "x-ms-resource-unit",
	} {
		if value := w.header.Get(name); value != "" {
			response.Headers[name] = value
		}
	}
	switch body := w.body.Bytes(); {
	case len(body) == 0:
	case strings.HasPrefix(w.header.Get("Content-Type"), "application/json"):
		response.Body = json.RawMessage(body)
	default:
		response.Body = body // base64
	}
	return response
}
