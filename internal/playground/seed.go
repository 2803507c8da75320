package playground

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox/control"
)

// seed is the content of a seed file.
type seed struct {
	Users []struct {
		Email    string
		Password string
		Name     string
		MFA      bool `yaml:"mfa"`
		Profile  map[string]string
	}
	Apps []struct {
		ID           string `yaml:"id"`
		Name         string
		Public       bool
		Secret       string
		RedirectURIs []string `yaml:"redirectUris"`
	}
	Policy *bool // whether EditProfileService requires a second factor; nil leaves it unchanged
}

// readSeed reads a seed file. An empty path is an empty seed.
func readSeed(path string) (s seed, err error) {
	if path == "" {
		return seed{}, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return seed{}, seedFault(path, "cannot be read", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return seed{}, seedFault(path, "is not valid", err)
	}
	return s, nil
}

func seedFault(path, problem string, err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: "the seed file " + path + " " + problem,
		Fix:  "see docs/sandbox.md for its fields: users, apps, policy",
		Err:  err,
	}
}

// plant adds the users and apps that the tenant does not have. Existing ones are
// left unchanged.
func (s seed) plant(ctx context.Context, c *control.Client) error {
	if err := s.plantUsers(ctx, c); err != nil {
		return err
	}
	if err := s.plantApps(ctx, c); err != nil {
		return err
	}
	if s.Policy == nil {
		return nil
	}
	return c.SetPolicy(ctx, *s.Policy)
}

func (s seed) plantUsers(ctx context.Context, c *control.Client) error {
	if len(s.Users) == 0 {
		return nil
	}
	existing, err := c.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range s.Users {
		if slices.ContainsFunc(existing, func(e control.User) bool { return e.Email == u.Email }) {
			continue
		}
		user := control.User{
			Email:    u.Email,
			Password: u.Password,
			Name:     u.Name,
			MFA:      u.MFA,
			Profile:  u.Profile,
		}
		if _, err := c.AddUser(ctx, user); err != nil {
			return err
		}
	}
	return nil
}

func (s seed) plantApps(ctx context.Context, c *control.Client) error {
	if len(s.Apps) == 0 {
		return nil
	}
	existing, err := c.Apps(ctx)
	if err != nil {
		return err
	}
	for _, a := range s.Apps {
		if slices.ContainsFunc(existing, func(e control.App) bool { return e.Name == a.Name }) {
			continue
		}
		app := control.App{
			ID:           a.ID,
			Name:         a.Name,
			Public:       a.Public,
			Secret:       a.Secret,
			RedirectURIs: a.RedirectURIs,
		}
		if _, err := c.AddApp(ctx, app); err != nil {
			return err
		}
	}
	return nil
}
