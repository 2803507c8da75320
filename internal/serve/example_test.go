package serve_test

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
)

// A program runs the mid-tier as `profilectl serve` does.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	server, err := serve.Open(ctx, serve.Settings{
		Authority:  "contoso",
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Credential: serve.CredentialSettings{SecretFile: "/run/secrets/mid-tier"},
		Rate:       60,
		DrainDelay: 5 * time.Second,
	}, slog.Default())
	if err != nil {
		log.Fatal(err)
	}
	listeners, err := server.Listen(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Run(ctx, listeners); err != nil {
		log.Fatal(err)
	}
}

// A program that has a server of its own embeds the mid-tier as a handler.
func ExampleServer_Public() {
	server, err := serve.Open(context.Background(), serve.Settings{
		Authority:  "contoso",
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Credential: serve.CredentialSettings{Certificate: "mid-tier.pem"},
	}, slog.Default())
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/profile/", http.StripPrefix("/profile", server.Public()))
}

// A deployment checks its settings before it goes live.
func ExampleCheck() {
	results, err := serve.Check(context.Background(), serve.Settings{
		Authority:  "contoso",
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Credential: serve.CredentialSettings{SecretFile: "/run/secrets/mid-tier"},
	}, slog.Default())
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			log.Printf("%s: %s; fix: %s", r.Name, r.Err.What, r.Err.Advice())
		}
	}
}
