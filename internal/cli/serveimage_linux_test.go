package cli

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// TestServeImage builds the image of the mid-tier and runs it as TestSandboxImage runs that
// of the sandbox, with the secret in the file that podman mounts. The CA certificates of the image are
// those of the tenant: it trusts no other.
func TestServeImage(t *testing.T) {
	requireBuildah(t)
	if os.Geteuid() != 0 {
		runInUserNamespace(t)
		return
	}
	c := startTenant(t)
	ca, err := os.ReadFile(c.playground.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	image := buildImage(t, "../../deploy/Containerfile", map[string][]byte{"ca-certificates.crt": ca})
	root := image.mount(t)
	if names := entries(t, root); !slices.Equal(names, []string{"etc", "profilectl"}) {
		t.Errorf("the image contains %v", names)
	}
	if image.User != "65534:65534" {
		t.Errorf("the user is %s", image.User)
	}
	const secret = "/run/secrets/client-secret"
	if err := os.MkdirAll(filepath.Join(root, filepath.Dir(secret)), 0o755); err != nil {
		t.Fatal(err)
	}
	writePodmanSecret(t, filepath.Join(root, secret), c.playground.Facts.MidTierSecret)
	public, admin := strconv.Itoa(unusedPort()), strconv.Itoa(unusedPort())
	process := image.command(t, root, slices.Concat(image.Entrypoint, image.Cmd)...)
	var log bytes.Buffer
	process.Stderr = &log
	process.Env = append(process.Env,
		"PROFILECTL_SERVE_AUTHORITY="+c.playground.Facts.Authority,
		"PROFILECTL_SERVE_CLIENT_ID="+c.playground.Facts.MidTierID,
		"PROFILECTL_SERVE_CLIENT_SECRET_FILE="+secret,
		"PROFILECTL_SERVE_GRAPH="+c.playground.Facts.Graph,
		"PROFILECTL_SERVE_LISTEN=0.0.0.0:"+public, // the ports of the image may be in use here
		"PROFILECTL_SERVE_ADMIN_LISTEN=0.0.0.0:"+admin)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	r := &replica{
		process: process,
		address: "http://" + net.JoinHostPort("127.0.0.1", public),
		admin:   "http://" + net.JoinHostPort("127.0.0.1", admin),
	}
	t.Cleanup(func() { _ = process.Process.Kill() })
	ready := waitUntil(func() bool {
		res, err := http.Get(r.admin + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	if !ready {
		t.Fatal("the mid-tier is not ready")
	}
	if status := c.edit(r); status != http.StatusNoContent {
		t.Errorf("an edit got %d", status)
	}
	inside := filepath.Join("/proc", strconv.Itoa(process.Process.Pid), "root/file")
	if err := os.WriteFile(inside, nil, 0o600); !errors.Is(err, syscall.EROFS) {
		t.Errorf("the file system is not read-only: %v", err)
	}
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v: %s", err, &log)
	}
}

// writePodmanSecret writes a secret as podman does with the options in the Containerfile.
func writePodmanSecret(t *testing.T, file, secret string) {
	t.Helper()
	options := regexp.MustCompile(`--secret client-secret,uid=(\d+),gid=(\d+),mode=(\d+)`)
	found := options.FindStringSubmatch(readDeploy(t, "Containerfile"))
	if found == nil {
		t.Fatalf("the Containerfile lacks %s", options)
	}
	uid, _ := strconv.Atoi(found[1])
	gid, _ := strconv.Atoi(found[2])
	mode, _ := strconv.ParseUint(found[3], 8, 32)
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chown(file, uid, gid), os.Chmod(file, os.FileMode(mode))); err != nil {
		t.Fatal(err)
	}
}
