package cli

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/upstream"
)

// checkResult is one check of serve --check, as scripts read it.
type checkResult struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	What  string `json:"what,omitempty"` // what is wrong
	Fix   string `json:"fix,omitempty"`
}

// checkLimit is for all checks together.
const checkLimit = time.Minute

// checkServer tries, without serving anybody, what a request needs: the tenant,
// its keys, the credential, Graph. The first failure's kind is the exit code.
func checkServer(ctx context.Context, env Env, g *globals, c serverConfig) error {
	printer, err := newPrinter(env, g)
	if err != nil {
		return err
	}
	var results []checkResult
	var first error
	note := func(check string, err error) bool {
		result := checkResult{Check: check, OK: err == nil}
		if err != nil {
			f := fault.As(err)
			result.What, result.Fix = f.What, f.Fix
			if first == nil {
				first = &fault.Error{Kind: f.Kind, What: "the mid-tier is not ready: " + f.What, Fix: f.Fix, Err: f, CorrelationID: f.CorrelationID}
			}
		}
		results = append(results, result)
		return err == nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	parts, err := newParts(ctx, c, slog.New(slog.DiscardHandler))
	if note("configuration and tenant", err) {
		note("signing keys", parts.keys(ctx))
		note("credential", parts.exchange.Check(ctx))
		if parts.shared != nil {
			note("shared cache", parts.sharing())
		}
	}
	note("Microsoft Graph", reachable(ctx, c))
	table := output.Table{Columns: []string{"CHECK", "RESULT"}}
	for _, r := range results {
		row := []string{r.Check, "ok"}
		if !r.OK {
			row[1] = r.What
		}
		table.Rows = append(table.Rows, row)
	}
	if err := printer.Print(results, table); err != nil {
		return err
	}
	return first
}

// keys makes sure that there are keys to verify tokens with.
func (p parts) keys(ctx context.Context) error {
	if p.verifier.Ready(ctx) {
		return nil
	}
	return &fault.Error{Kind: fault.Unavailable, What: "the tenant's signing keys cannot be fetched", Fix: "check that this machine may reach the tenant, then try again"}
}

// sharing makes sure that the shared cache answers.
func (p parts) sharing() error {
	if p.shared.Degraded() == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Unavailable, What: "the shared cache does not answer", Fix: "check cache and cache-password; without it the mid-tier serves, but each replica on its own"}
}

// reachable asks Graph for something that nobody gets without a token.
func reachable(ctx context.Context, c serverConfig) error {
	client, err := upstream.New(upstream.Config{CAFile: c.CAFile, Timeout: c.Timeout, UserAgent: userAgent()})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.Graph, "/")+"/v1.0/me", nil)
	if err != nil {
		return &fault.Error{Kind: fault.Usage, What: "the address of Microsoft Graph is no URL", Fix: "correct graph", Err: err}
	}
	res, err := client.Do(req)
	if err != nil {
		return upstream.Fault(err, "cannot reach Microsoft Graph")
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		return &fault.Error{Kind: fault.Usage, What: "what answers at " + req.URL.Host + " is not Microsoft Graph", Fix: "correct graph, or look for a proxy that answers in its place"}
	}
	return nil
}
