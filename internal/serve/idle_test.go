//go:build unix

package serve_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// holdConnections makes this program one that opens connections and does nothing
// with them.
const holdConnections = "PROFILECTL_TEST_HOLD_CONNECTIONS"

func TestTenThousandIdleConnectionsHoldNobodyUp(t *testing.T) {
	const many = 10_000
	if address := os.Getenv(holdConnections); address != "" {
		for range many {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
		}
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max < many+500 {
		if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
			t.Fatalf("this process may open %d files only", limit.Max)
		}
		t.Skip("this process may not open so many files")
	}
	r := run(t, newWorld(t, ""))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := exec.Command(os.Args[0], "-test.run=^TestTenThousandIdleConnectionsHoldNobodyUp$")
	c.Env = append(os.Environ(), holdConnections+"="+r.address)
	in, err1 := c.StdinPipe()
	out, err2 := c.StdoutPipe()
	if err := errors.Join(err1, err2, c.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the connections were not opened: %q, %v", line, err)
	}
	begun := time.Now()
	if status, err := r.edit(t.Context(), http.DefaultClient); status != http.StatusNoContent || err != nil {
		t.Errorf("meanwhile: %d, %v", status, err)
	}
	took := time.Since(begun)
	runtime.ReadMemStats(&after)
	t.Log("beside " + strconv.Itoa(many) + " idle connections a request took " + took.String() + "; one connection holds " +
		strconv.FormatUint((after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/many, 10) + " bytes")
	if took > 5*time.Second {
		t.Errorf("meanwhile a request took %v", took)
	}
}
