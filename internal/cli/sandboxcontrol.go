package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox"
)

// control reaches a sandbox that runs: the one of sandbox exec that this process
// is in, or the one that `profilectl sandbox` keeps.
type control struct {
	URL  string `json:"url"`
	Key  string `json:"key"`
	http *http.Client
}

// controlFile tells, in the sandbox's folder, how to reach it while it runs.
const controlFile = "control.json"

// keepControl lets other processes of this user manage the sandbox.
func keepControl(dir string, st *stage) error {
	raw, err := json.Marshal(control{URL: st.control, Key: st.key})
	if err != nil {
		return fmt.Errorf("keep control: %w", err)
	}
	return writeFile(filepath.Join(dir, controlFile), raw)
}

// newControl makes a control; an empty address is filled in later.
func newControl(g *globals, address, key string) (*control, error) {
	httpClient, err := upstream.New(upstream.Config{Timeout: g.Timeout, Attempts: 1, UserAgent: userAgent()})
	return &control{URL: address, Key: key, http: httpClient}, err
}

func openControl(env Env, g *globals, dir string) (*control, error) {
	none := &fault.Error{Kind: fault.Unavailable, What: "no sandbox is running", Fix: "start one with `profilectl sandbox` in another terminal"}
	c, err := newControl(g, env.Getenv("SANDBOX_CONTROL"), env.Getenv("SANDBOX_CONTROL_KEY"))
	if err != nil || c.URL != "" && dir == "" {
		return c, err
	}
	if dir, err = sandboxDir(env, dir); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, controlFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, none
	}
	if err == nil {
		err = json.Unmarshal(raw, c)
	}
	if err != nil {
		return nil, stateFault(filepath.Join(dir, controlFile), err)
	}
	return c, nil
}

// sandboxDir is where `profilectl sandbox` keeps its tenant.
func sandboxDir(env Env, dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	paths, err := config.LocatePaths(env.GOOS, env.Getenv)
	return filepath.Join(paths.State, "sandbox"), err
}

// call sends one order; into, where it is given, gets the answer.
func (c *control) call(ctx context.Context, method, path string, order, into any) error {
	raw, err := json.Marshal(order)
	if err != nil {
		return fmt.Errorf("write order: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	res, err := c.http.Do(req)
	if err != nil {
		f := fault.As(upstream.Fault(err, "no sandbox is running"))
		return &fault.Error{Kind: f.Kind, What: f.What, Fix: "start one with `profilectl sandbox` in another terminal", Err: f}
	}
	defer res.Body.Close()
	const most = 1 << 20
	answer, err := io.ReadAll(io.LimitReader(res.Body, most))
	switch {
	case err != nil:
		return upstream.Fault(err, "cannot reach the sandbox")
	case res.StatusCode >= http.StatusBadRequest:
		return &fault.Error{Kind: fault.Usage, What: "the sandbox refused: " + strings.TrimSpace(string(answer)), Fix: "see `profilectl sandbox --help`"}
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read the sandbox's answer: %w", err)
	}
	return nil
}

// facts are the running tenant's.
func (c *control) facts(ctx context.Context) (f sandbox.Facts, err error) {
	err = c.call(ctx, http.MethodGet, "/facts", nil, &f)
	return f, err
}
