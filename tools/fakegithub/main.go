// Command fakegithub stands in for the API of GitHub while scripts/release-check publishes a
// release with GoReleaser. It has the repositories and the tokens that CONTRIBUTING.md
// describes, and rejects other ones. The value of a token is the name of its variable.
//
//	fakegithub DIRECTORY
//
// It writes its address to DIRECTORY/address, what changes to DIRECTORY/events, and the files
// that it receives to DIRECTORY/assets and DIRECTORY/OWNER/REPOSITORY.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 2 { //nolint:mnd // the name of the program and the directory
		fmt.Fprintln(os.Stderr, "usage: fakegithub DIRECTORY")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "fakegithub:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	events, err := root.Create("events")
	if err != nil {
		return err
	}
	g := &gitHub{
		dir:    dir,
		events: events,
		assets: map[string]bool{},
		repositories: map[string]*repository{
			"profilectl/profilectl":   {branch: "main", contents: "GITHUB_TOKEN"},
			"profilectl/homebrew-tap": {branch: "main", contents: "PACKAGES_TOKEN"},
			"profilectl/scoop-bucket": {branch: "main", contents: "PACKAGES_TOKEN"},
			"profilectl/winget-pkgs":  {branch: "master", contents: "WINGET_TOKEN"},
			"microsoft/winget-pkgs":   {branch: "master", pulls: "WINGET_TOKEN"},
		},
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := []byte("http://" + listener.Addr().String())
	if err := root.WriteFile("address", address, 0o600); err != nil {
		return err
	}
	server := &http.Server{Handler: g.routes(), ReadHeaderTimeout: time.Minute}
	return server.Serve(listener)
}
