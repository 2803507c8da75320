package terminal_test

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

// pager returns a Pager for a user at a terminal with three lines.
func pager(t *testing.T, out *bytes.Buffer, variables ...string) terminal.Pager {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the pagers of this test are POSIX shell commands")
	}
	return terminal.Pager{
		Capabilities: terminal.Capabilities{StdoutTTY: true, Interactive: true, Height: 3},
		Environ:      append([]string{"PATH=" + os.Getenv("PATH")}, variables...),
		Stdout:       out,
		Stderr:       out,
	}
}

func TestPagerShowsLongText(t *testing.T) {
	const long, short = "1\n2\n3\n", "1\n2\n"
	shown := func(change func(*terminal.Pager), text string, variables ...string) string {
		t.Helper()
		var out bytes.Buffer
		p := pager(t, &out, variables...)
		if change != nil {
			change(&p)
		}
		if err := p.Show([]byte(text)); err != nil {
			t.Errorf("%q: %v", variables, err)
		}
		return out.String()
	}
	const tagged = "PAGER=sed 's/^/paged /'"
	if got := shown(nil, long, tagged); got != "paged 1\npaged 2\npaged 3\n" {
		t.Errorf("got %q", got)
	}
	if got := shown(nil, short, tagged); got != short {
		t.Errorf("text that fits: got %q", got)
	}
	if got := shown(nil, long, "PAGER="); got != long {
		t.Errorf("with an empty PAGER: got %q", got)
	}
	if got := shown(nil, long, "PAGER=cat", "PATH=/nowhere"); got != long {
		t.Errorf("with cat: got %q", got)
	}
	pipe := func(p *terminal.Pager) { p.Capabilities.StdoutTTY = false }
	if got := shown(pipe, long, tagged); got != long {
		t.Errorf("in a pipe: got %q", got)
	}
	noInput := func(p *terminal.Pager) { p.Capabilities.Interactive = false }
	if got := shown(noInput, long, tagged); got != long {
		t.Errorf("without a user: got %q", got)
	}
	const options = `PAGER=cat >/dev/null; echo "$LESS $LV"`
	if got := shown(nil, long, options); got != "FRX -c\n" {
		t.Errorf("the options are %q", got)
	}
	if got := shown(nil, long, options, "LESS=S"); got != "S -c\n" {
		t.Errorf("the user's options became %q", got)
	}
}

func TestPagerMayEndBeforeTheText(t *testing.T) {
	var out bytes.Buffer
	text := strings.Repeat("a line\n", 1<<18) // more than a pipe holds
	if err := pager(t, &out, "PAGER=head -n 1").Show([]byte(text)); err != nil || out.String() != "a line\n" {
		t.Errorf("got %v, %q", err, out.String())
	}
	out.Reset()
	if err := pager(t, &out, "PAGER=exit 2").Show([]byte(text)); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestPagerThatIsMissingIsReported(t *testing.T) {
	var out bytes.Buffer
	err := pager(t, &out, "PAGER=no-such-pager").Show([]byte("1\n2\n3\n"))
	if f := fault.As(err); err == nil || f.Kind != fault.Usage || !strings.Contains(f.What, "no-such-pager") {
		t.Errorf("got %v", err)
	}
}
