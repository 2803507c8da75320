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
	"syscall"
	"testing"
	"time"
)

// holdConnections is the variable that makes the test binary open connections to
// an address and leave them idle. A process of its own has its own limit of files.
const holdConnections = "PROFILECTL_TEST_HOLD_CONNECTIONS"

func TestServerHoldsTenThousandIdleConnections(t *testing.T) {
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
			t.Fatalf("this process may open only %d files", limit.Max)
		}
		t.Skip("this process may not open that many files")
	}
	r := run(t, newWorld(t))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), holdConnections+"="+r.public)
	in, err1 := c.StdinPipe()
	out, err2 := c.StdoutPipe()
	if err := errors.Join(err1, err2, c.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the connections were not opened: %q, %v", line, err)
	}
	start := time.Now()
	if status, err := r.edit(t.Context(), http.DefaultClient); status != http.StatusNoContent || err != nil {
		t.Errorf("meanwhile: %d, %v", status, err)
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	bytes := (int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)) / many
	t.Logf("next to %d idle connections a request took %v; one connection holds %d bytes", many, took, bytes)
	const most = 64 << 10 // bytes; a buffer for reading and one for writing have 8 KiB
	if bytes > most {
		t.Errorf("one connection holds %d bytes", bytes)
	}
	if took > 30*time.Second { // generous, on a busy machine: it is not blocked
		t.Errorf("meanwhile a request took %v", took)
	}
}
