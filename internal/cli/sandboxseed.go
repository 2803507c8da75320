package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
)

// seed is what a sandbox is to have, as a file says it.
type seed struct {
	Users []struct {
		Email, Password, Name string
		MFA                   bool `yaml:"mfa"`
		Profile               map[string]string
	}
	Apps []struct {
		ID           string `yaml:"id"`
		Name         string
		Public       bool
		Secret       string
		RedirectURIs []string `yaml:"redirectUris"`
	}
	Policy *bool // a second factor for EditProfileService
}

func readSeed(path string) (seed, error) {
	wrong := func(what string, err error) error {
		return &fault.Error{Kind: fault.Usage, What: "the seed file " + path + " " + what, Fix: "docs/sandbox.md shows its form: users, apps, policy", Err: err}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return seed{}, wrong("cannot be read", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	var s seed
	if err := decoder.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return seed{}, wrong("has another form than a seed", err)
	}
	return s, nil
}

// plant adds what the tenant does not have yet; what it has stays as it is.
func (s seed) plant(ctx context.Context, c *control) error {
	var users []sandboxUser
	var apps []sandboxApp
	if err := errors.Join(c.call(ctx, http.MethodGet, "/users", nil, &users), c.call(ctx, http.MethodGet, "/apps", nil, &apps)); err != nil {
		return err
	}
	for _, u := range s.Users {
		if slices.ContainsFunc(users, func(known sandboxUser) bool { return known.Email == u.Email }) {
			continue
		}
		order := map[string]any{"email": u.Email, "password": u.Password, "name": u.Name, "mfa": u.MFA, "profile": u.Profile}
		if err := c.call(ctx, http.MethodPost, "/users", order, nil); err != nil {
			return err
		}
	}
	for _, a := range s.Apps {
		if slices.ContainsFunc(apps, func(known sandboxApp) bool { return known.Name == a.Name }) {
			continue
		}
		order := sandboxApp{ID: a.ID, Name: a.Name, Public: a.Public, Secret: a.Secret, RedirectURIs: a.RedirectURIs}
		if err := c.call(ctx, http.MethodPost, "/apps", order, nil); err != nil {
			return err
		}
	}
	if s.Policy == nil {
		return nil
	}
	return c.call(ctx, http.MethodPut, "/policy", sandboxPolicy{On: *s.Policy}, nil)
}

// plantSeed fills a stage from the file that a flag names.
func plantSeed(ctx context.Context, g *globals, st *stage, path string) error {
	if path == "" {
		return nil
	}
	s, err := readSeed(path)
	if err != nil {
		return err
	}
	c, err := newControl(g, st.control, st.key)
	if err != nil {
		return err
	}
	return s.plant(ctx, c)
}
