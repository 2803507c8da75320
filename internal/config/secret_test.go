package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/config"
)

func TestSecretIsNotPrinted(t *testing.T) {
	s := config.Secret("hunter2")
	raw, err := json.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(s),
		fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s),
		string(raw),
		s.LogValue().String(),
	} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%q contains the secret", text)
		}
	}
}

func TestSettingsHideSecrets(t *testing.T) {
	settings, err := config.Load(config.Source{
		Table:   config.Server(),
		Section: "serve",
		Getenv:  env("CLIENT_SECRET", "hunter2"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := settings.Secret("client-secret").Reveal(); got != "hunter2" {
		t.Errorf("the secret is %q", got)
	}
	if all := fmt.Sprint(settings.All()); strings.Contains(all, "hunter2") {
		t.Errorf("%s contains the secret", all)
	}
}
