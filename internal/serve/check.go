package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/upstream"
)

// checkTimeout limits all checks together.
const checkTimeout = time.Minute

// CheckResult is the result of one check.
type CheckResult struct {
	Name string       // what was checked, such as "signing keys"
	Err  *fault.Error // why the check failed; nil if it succeeded
}

// Check checks everything that a request needs, without serving any: the settings and the
// tenant, its signing keys, the credential, the credential of custom attributes and its
// permission if there are any, the shared cache if there is one, Microsoft Graph, and the
// addresses to listen on with their certificate. It returns the results in that order; if
// the first check fails, only the last two follow. Check fails with a Usage fault, and
// without results, if the client id or the credential cannot be used. log receives warnings
// about the credential.
func Check(ctx context.Context, s Settings, log *slog.Logger) ([]CheckResult, error) {
	s = s.withDefaults()
	credential, err := s.identity(log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var results []CheckResult
	add := func(name string, err error) {
		result := CheckResult{Name: name}
		if err != nil {
			result.Err = fault.As(err)
		}
		results = append(results, result)
	}
	quiet := slog.New(slog.DiscardHandler)
	p, err := assemble(ctx, s, quiet)
	var t *tenant
	if err == nil {
		defer func() { _ = p.close(quiet) }() // nothing was stored
		err = checkAudit(s)
	}
	if err == nil {
		t, err = p.connect(ctx, s, credential, discoveryTimeout, quiet)
	}
	add("configuration and tenant", err)
	if err == nil {
		add("signing keys", t.checkKeys(ctx))
		add("credential", t.exchanger.Check(ctx))
		if t.application != nil {
			client := &graph.Client{Base: s.Graph, HTTP: p.http}
			add("custom attributes", p.attributes.check(ctx, t.application, client))
		}
		if p.shared != nil {
			add("shared cache", p.shared.Check(ctx))
		}
	}
	add("Microsoft Graph", checkGraph(ctx, s))
	add("addresses", s.checkListeners(ctx, quiet))
	return results, nil
}

func (t *tenant) checkKeys(ctx context.Context) error {
	if t.ready(ctx) {
		return nil
	}
	return &fault.Error{
		Kind: fault.Unavailable,
		What: "the tenant's signing keys cannot be fetched",
		Fix:  "check that this machine can reach the tenant, then try again",
	}
}

// checkListeners opens the addresses, with the server certificate, and closes them.
func (s Settings) checkListeners(ctx context.Context, log *slog.Logger) error {
	l, err := (&Server{settings: s, log: log}).Listen(ctx)
	if err != nil {
		return err
	}
	return errors.Join(closeAll(l.Public), closeAll(l.Admin))
}

// checkGraph sends a request without a token, which only Graph rejects with 401.
func checkGraph(ctx context.Context, s Settings) error {
	client, err := s.client(nil, nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, graph.MeURL(s.Graph), nil)
	if err != nil {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the address of Microsoft Graph is not a URL",
			Fix:  "correct graph",
			Err:  err,
		}
	}
	res, err := client.Do(req)
	if err != nil {
		return upstream.Fault(err, "cannot reach Microsoft Graph")
	}
	defer res.Body.Close()
	switch status := res.StatusCode; {
	case status == http.StatusUnauthorized:
		return nil
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return upstream.Overloaded(
			fmt.Sprintf("Microsoft Graph is unavailable or overloaded (HTTP status %d)", status), res)
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "what answers at " + req.URL.Host + " is not Microsoft Graph",
		Fix:  "correct graph, or look for a proxy that answers instead",
	}
}
