package interop

import (
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// TestGoOIDCSignsIn uses go-oidc, which checks discovery, issuer, keys, signature
// and audience by the standard alone.
func TestGoOIDCSignsIn(t *testing.T) {
	ctx := oidc.ClientContext(t.Context(), newHTTPClient(t))
	provider, err := oidc.NewProvider(ctx, env(t, "SANDBOX_AUTHORITY")+"/v2.0")
	if err != nil {
		t.Fatal(err)
	}
	const redirect = "http://localhost:3000/auth/redirect"
	config := oauth2.Config{
		ClientID:     env(t, "SANDBOX_WEB_CLIENT_ID"),
		ClientSecret: env(t, "SANDBOX_WEB_CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  redirect,
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email"},
	}
	verifier := oauth2.GenerateVerifier()
	signInURL := config.AuthCodeURL("state", oidc.Nonce("nonce"), oauth2.S256ChallengeOption(verifier))
	got := browse(t, signInURL, redirect)
	if got.Get("state") != "state" {
		t.Fatalf("the redirect has %v", got)
	}
	tokens, err := config.Exchange(ctx, got.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil || id.Nonce != "nonce" {
		t.Fatalf("got the ID token %+v, %v", id, err)
	}
	var claims struct {
		Username string `json:"preferred_username"`
		Tenant   string `json:"tid"`
	}
	if err := id.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	if claims.Username != env(t, "SANDBOX_USER") || claims.Tenant != env(t, "SANDBOX_TENANT_ID") {
		t.Errorf("got the claims %+v", claims)
	}
	if _, err := config.Exchange(ctx, got.Get("code"), oauth2.VerifierOption(verifier)); err == nil {
		t.Error("the code was accepted twice")
	}
}
