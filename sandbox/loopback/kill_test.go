package loopback_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// edit changes the user's profile again and again, and says each change once it
// is acknowledged.
func edit(dir string) error {
	tenant, closeFolder, err := start(dir)
	if err != nil {
		return err
	}
	defer closeFolder()
	user := tenant.Facts().User
	number := 0
	if city := tenant.Profile(user)["city"]; city != nil {
		number, _ = strconv.Atoi(*city) // the seeded one is no number
	}
	for {
		number++
		city := strconv.Itoa(number)
		if err := tenant.SetProfile(user, "city", &city); err != nil {
			return err
		}
		fmt.Println(number)
	}
}

func start(dir string) (*sandbox.Tenant, func(), error) {
	folder, err := loopback.OpenFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	tenant, err := sandbox.New(sandbox.Config{Store: folder, QuickPasswords: true})
	return tenant, func() { _ = folder.Close() }, err
}

func TestAKilledSandboxStartsAgainWithTheLastAcknowledgedEdit(t *testing.T) {
	dir := t.TempDir()
	said := 0
	for range 15 {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), "TEST_SANDBOX="+dir, "GORACE=atexit_sleep_ms=0")
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		var killed *time.Timer
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if said, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if killed == nil { // at any moment after the first
				killed = time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { _ = c.Process.Kill() })
			}
		}
		_ = c.Wait() // it was killed
		if killed == nil {
			t.Fatal("the sandbox did not start")
		}
		killed.Stop()
		tenant, closeFolder, err := start(dir)
		if err != nil {
			t.Fatal(err)
		}
		city := tenant.Profile(tenant.Facts().User)["city"]
		closeFolder()
		if number, err := strconv.Atoi(*city); err != nil || number != said && number != said+1 {
			t.Fatalf("it has %s, and %d was acknowledged", *city, said)
		}
	}
	t.Logf("15 kills, %d edits", said)
}
