package cli

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// units returns a directory with the units of deploy, in which profilectl is installed at
// another path.
func units(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
			t.Fatal("systemd-analyze is not installed")
		}
		t.Skip("systemd-analyze is not installed")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "profilectl")
	if err := os.Symlink(os.Args[0], program); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"profilectl.service", "profilectl-reload.service", "profilectl-reload.path"} {
		text := strings.ReplaceAll(readDeploy(t, name), "/usr/bin/profilectl ", program+" ")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestUnitsAreValidAndConfined uses systemd's own checks. No service manager runs here, so
// the units are not started.
func TestUnitsAreValidAndConfined(t *testing.T) {
	dir := units(t)
	for _, name := range []string{"profilectl.service", "profilectl-reload.service", "profilectl-reload.path"} {
		verify := exec.Command("systemd-analyze", "verify", "--recursive-errors=no", filepath.Join(dir, name))
		if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	const exposure = "15" // tenths of the scale from 0, confined, to 10
	security := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold="+exposure,
		filepath.Join(dir, "profilectl.service"))
	if out, err := security.CombinedOutput(); err != nil {
		t.Errorf("the exposure is too high: %v: %s", err, out)
	}
}

// unitCommands returns the commands of a setting of the unit, with the directories of the
// test and the process of a replica. The prefix + runs a command as root.
func (c *cluster) unitCommands(setting, pid string) [][]string {
	c.t.Helper()
	var commands [][]string
	for line := range strings.Lines(readDeploy(c.t, "profilectl.service")) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), setting+"=")
		if !ok {
			continue
		}
		command = strings.NewReplacer(
			"/etc/profilectl/", c.path("etc")+"/",
			"/run/profilectl/", c.path("run")+"/",
			"$MAINPID", pid,
		).Replace(strings.TrimPrefix(command, "+"))
		commands = append(commands, strings.Fields(command))
	}
	if len(commands) == 0 {
		c.t.Fatalf("the unit has no %s", setting)
	}
	return commands
}

func (c *cluster) runUnit(setting, pid string) {
	c.t.Helper()
	for _, command := range c.unitCommands(setting, pid) {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			c.t.Fatalf("%v: %v: %s", command, err, out)
		}
	}
}

// TestUnitReloadsTheSecret replaces the client secret as the runbook describes it, and runs
// the commands that systemd runs at the start and on a reload. The settings name the file
// that only root can read.
func TestUnitReloadsTheSecret(t *testing.T) {
	t.Parallel()
	c := startTenant(t)
	for _, dir := range []string{"etc", "run"} {
		if err := os.Mkdir(c.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write := func(secret string) {
		t.Helper()
		if err := os.WriteFile(c.path("etc/client-secret"), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(c.playground.Facts.MidTierSecret)
	c.runUnit("ExecStartPre", "")
	c.settings = []string{"PROFILECTL_SERVE_CLIENT_SECRET_FILE=" + c.path("only-root-can-read-it")}
	admin := net.JoinHostPort("127.0.0.1", strconv.Itoa(unusedPort()))
	start := c.unitCommands("ExecStart", "")[0] // /usr/bin/profilectl serve …
	r := c.startAt("unit", "127.0.0.1:0", admin, start[2:]...)
	if status := c.edit(r); status != http.StatusNoContent {
		t.Fatalf("got %d", status)
	}
	app, err := c.playground.Tenant.ReplaceSecret(c.playground.Facts.MidTierID)
	if err != nil {
		t.Fatal(err)
	}
	if status := c.edit(r); status != http.StatusNoContent {
		t.Errorf("with a cached exchange: got %d", status)
	}
	write(app.Secret)
	c.runUnit("ExecReload", strconv.Itoa(r.process.Process.Pid))
	c.await("the reload is not logged", func() bool {
		text, err := os.ReadFile(c.logOf("unit"))
		return err == nil && strings.Contains(string(text), `"msg":"reloaded","files":["client-secret-file"]`)
	})
	c.token = c.signIn() // has no cached exchange
	if status := c.edit(r); status != http.StatusNoContent {
		t.Errorf("with the new secret: got %d", status)
	}
}

// TestUnitMayWriteItsAuditLog checks that the unit has the directory of the audit log that
// the runbook rotates.
func TestUnitMayWriteItsAuditLog(t *testing.T) {
	runbook, err := os.ReadFile("../../docs/how-to/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(runbook), "\n/var/log/")
	dir, _, _ := strings.Cut(after, "/")
	if !found || !strings.Contains(readDeploy(t, "profilectl.service"), "\nLogsDirectory="+dir+"\n") {
		t.Errorf("the unit has no LogsDirectory=%s", dir)
	}
}
