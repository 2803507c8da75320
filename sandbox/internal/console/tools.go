package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
)

const toolsPath = "/sandbox/tools"

func (c *Console) toolRoutes(show showFunc, act actFunc) {
	tools := screen{template: "tools", section: "tools", title: "Clock, faults and keys", load: c.tools}
	show(toolsPath, tools)
	act("/sandbox/tools/clock", tools, c.changeClock)
	act("/sandbox/tools/faults", tools, c.orderFault)
	act("/sandbox/tools/faults/discard", tools, c.discardFaults)
	act("/sandbox/tools/keys", tools, c.rotateKeys)
}

// toolsView is the data of the page for the clock, the faults and the keys.
type toolsView struct {
	Clock  control.Clock
	Faults []faultView
	Parts  []choice
	Kinds  []choice
}

// faultView is a fault that was ordered.
type faultView struct{ Part, Effect string }

func (c *Console) tools(r *http.Request) (any, error) {
	clock, err := c.Control.Clock(r.Context())
	if err != nil {
		return nil, err
	}
	faults, err := c.Control.Faults(r.Context())
	v := toolsView{Clock: clock, Parts: faultParts(r.PostForm.Get("part")), Kinds: faultKinds(r.PostForm.Get("kind"))}
	for _, f := range faults {
		v.Faults = append(v.Faults, faultView{Part: f.Part, Effect: effect(f)})
	}
	return v, err
}

func faultParts(selected string) []choice {
	all := parts(selected)
	all[0].Label = "Any part"
	return all
}

func faultKinds(selected string) []choice {
	return choices(selected,
		[2]string{"status", "Fail with a status"},
		[2]string{"delay", "Delay the response"},
		[2]string{"reset", "Close the connection"},
		[2]string{"cut", "Send half of the response"})
}

// effect returns what a fault does, in words.
func effect(f control.Fault) string {
	var words []string
	if f.Delay > 0 {
		words = append(words, "delay of "+f.Delay.String())
	}
	switch {
	case f.Reset:
		words = append(words, "no response")
	case f.Cut:
		words = append(words, "half of the response")
	case f.Status > 0:
		words = append(words, "status "+strconv.Itoa(f.Status))
	}
	if f.RetryAfter > 0 {
		words = append(words, fmt.Sprintf("Retry-After of %d s", f.RetryAfter))
	}
	return strings.Join(words, ", ")
}

// changeClock makes the change that the selected button names.
func (c *Console) changeClock(r *http.Request) (string, notice, error) {
	var change control.ClockChange
	by := strings.TrimSpace(r.PostForm.Get("by"))
	switch r.PostForm.Get("do") {
	case "forward":
		change.Forward = by
	case "back":
		change.Back = by
	case "freeze":
		change.Freeze = true
	case "reset":
		change.Reset = true
	case "set":
		to, err := time.Parse("2006-01-02T15:04", r.PostForm.Get("to"))
		if err != nil {
			return "", notice{}, fmt.Errorf("%q is not a date and time", r.PostForm.Get("to"))
		}
		change.Set = to
	}
	return toolsPath, notice{Text: "The clock was changed."}, c.Control.ChangeClock(r.Context(), change)
}

func (c *Console) orderFault(r *http.Request) (string, notice, error) {
	f, err := readFault(r)
	if err != nil {
		return "", notice{}, err
	}
	err = c.Control.FailNext(r.Context(), f)
	return toolsPath, notice{Text: "The next request to this part gets the fault."}, err
}

// readFault returns the fault that the form describes.
func readFault(r *http.Request) (f control.Fault, err error) {
	f.Part = r.PostForm.Get("part")
	switch r.PostForm.Get("kind") {
	case "status":
		f.Status, err = number(r, "status", "503")
		if err == nil {
			f.RetryAfter, err = number(r, "retryAfter", "0")
		}
	case "delay":
		text := strings.TrimSpace(r.PostForm.Get("delay"))
		if f.Delay, err = time.ParseDuration(text); err != nil {
			err = fmt.Errorf("%q is not a duration such as 2s", text)
		}
	case "reset":
		f.Reset = true
	case "cut":
		f.Cut = true
	default:
		err = fmt.Errorf("choose a kind of fault")
	}
	return f, err
}

// number returns the number in a field, or in otherwise if the field is empty.
func number(r *http.Request, name, otherwise string) (int, error) {
	text := strings.TrimSpace(r.PostForm.Get(name))
	if text == "" {
		text = otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return n, nil
}

func (c *Console) discardFaults(r *http.Request) (string, notice, error) {
	return toolsPath, notice{Text: "The faults were discarded."}, c.Control.Recover(r.Context())
}

func (c *Console) rotateKeys(r *http.Request) (string, notice, error) {
	return toolsPath, notice{Text: "The tenant now signs with its next key."}, c.Control.RotateKeys(r.Context())
}
