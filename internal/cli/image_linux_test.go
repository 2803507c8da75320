package cli

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestSandboxImage builds the image of the sandbox and starts it as a container engine
// does: with its own command, user and environment, a read-only file system without
// /tmp, and an empty volume. There is no engine; unshare and chroot take its place, so
// the network and the limits of a container are not part of this test.
func TestSandboxImage(t *testing.T) {
	requireBuildah(t)
	if os.Geteuid() != 0 {
		runInUserNamespace(t)
		return
	}
	image := buildImage(t, "../../deploy/sandbox/Containerfile", nil)
	root := image.mount(t)
	if names := entries(t, root); !slices.Equal(names, []string{"data", "profilectl"}) {
		t.Errorf("the image contains %v", names)
	}
	if image.User != "65534:65534" || image.Volumes["/data"] == nil {
		t.Errorf("got user %s, volumes %v", image.User, image.Volumes)
	}
	var out bytes.Buffer
	c := image.command(t, root, append(image.Entrypoint, "--listen", "0", "--env-file", "/data/env", "-o", "json")...)
	c.Stdout, c.Stderr = &out, os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	pid := strconv.Itoa(c.Process.Pid)
	healthy := waitUntil(func() bool {
		inside := []string{"--mount", "--target", pid, "chroot", "--userspec=" + image.User, root}
		check := exec.Command("nsenter", append(inside, image.Healthcheck.Test[1:]...)...)
		check.Env = image.Env
		return check.Run() == nil
	})
	if !healthy {
		t.Fatal("the health check fails")
	}
	if err := os.WriteFile("/proc/"+pid+"/root/file", nil, 0o600); !errors.Is(err, syscall.EROFS) {
		t.Errorf("the file system is not read-only: %v", err)
	}
	ca, err := os.ReadFile("/proc/" + pid + "/root/data/sandbox/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	variables, err := os.ReadFile("/proc/" + pid + "/root/data/env")
	if err != nil || !bytes.Contains(variables, []byte("\nSANDBOX_CA_FILE=/data/sandbox/ca.pem\n")) {
		t.Errorf("the variables: %v: %s", err, variables)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
	var ready readySandbox
	if err := json.Unmarshal(out.Bytes(), &ready); err != nil || ready.CAFile != "/data/sandbox/ca.pem" {
		t.Errorf("%v: %s", err, &out)
	}
	if block, _ := pem.Decode(ca); block == nil || block.Type != "CERTIFICATE" {
		t.Errorf("the CA is %q", ca)
	}
}

// builtImage is the configuration of an image.
type builtImage struct {
	User        string
	Env         []string
	Entrypoint  []string
	Cmd         []string
	Volumes     map[string]any
	Healthcheck struct{ Test []string }
	buildah     func(args ...string) string
}

func requireBuildah(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("buildah"); err == nil {
		return
	}
	if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
		t.Fatal("this test needs buildah")
	}
	t.Skip("this test needs buildah")
}

// runInUserNamespace runs the test again as the root of a user namespace, which may mount
// file systems and change owners in it.
func runInUserNamespace(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("buildah", "unshare", "--", self, "-test.v", "-test.run=^"+t.Name()+"$").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("buildah unshare, which needs newuidmap and a range in /etc/subuid: %v\n%s", err, out)
	}
}

// buildImage builds an image of the binary, the directory data, and further files by their
// names. It needs root for the mounts.
func buildImage(t *testing.T, containerfile string, files map[string][]byte) *builtImage {
	t.Helper()
	dir := t.TempDir()
	context := filepath.Join(dir, "context")
	program := filepath.Join(context, "linux", runtime.GOARCH)
	if err := errors.Join(os.MkdirAll(filepath.Join(context, "data"), 0o755), os.MkdirAll(program, 0o755)); err != nil {
		t.Fatal(err)
	}
	installProgram(t, program)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(context, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		t.Helper()
		c := exec.Command(name, args...)
		c.Env = append(os.Environ(), "STORAGE_DRIVER=vfs", "BUILDAH_ISOLATION=chroot")
		c.Stderr = &bytes.Buffer{}
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s %v: %v: %s", name, args, err, c.Stderr)
		}
		return strings.TrimSpace(string(out))
	}
	image := &builtImage{buildah: func(args ...string) string {
		t.Helper()
		storage := []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run")}
		return run("buildah", append(storage, args...)...)
	}}
	image.buildah("bud", "--format", "docker", "-f", containerfile, "-t", "profilectl", context)
	var inspected struct{ Docker struct{ Config *builtImage } }
	inspected.Docker.Config = image
	config := image.buildah("inspect", "--type", "image", "profilectl")
	if err := json.Unmarshal([]byte(config), &inspected); err != nil {
		t.Fatal(err)
	}
	return image
}

// mount returns the directory of a container of the image.
func (i *builtImage) mount(t *testing.T) string {
	t.Helper()
	container := i.buildah("from", "profilectl")
	t.Cleanup(func() { i.buildah("rm", container) })
	return i.buildah("mount", container)
}

// command returns a command in the image, with a read-only root, the volume if there is
// one, and the /etc/hosts that every engine adds.
func (i *builtImage) command(t *testing.T, root string, args ...string) *exec.Cmd {
	t.Helper()
	const script = `set -e
mkdir -p "$1/etc"
echo "127.0.0.1 localhost" >"$1/etc/hosts"
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
[ ! -d "$1/data" ] || mount -t tmpfs -o uid=65534,gid=65534,mode=700 tmpfs "$1/data"
root=$1 user=$2
shift 2
exec chroot --userspec="$user" "$root" "$@"`
	all := append([]string{"--mount", "sh", "-c", script, "sh", root, i.User}, args...)
	c := exec.CommandContext(t.Context(), "unshare", all...)
	c.Env = i.Env
	return c
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}
