package setupcmd

import (
	"fmt"
	"strings"

	"github.com/profilectl/profilectl/internal/setup"
	"github.com/profilectl/profilectl/internal/wrap"
)

// setupReport is the result of setup plan, apply and destroy, as scripts read it.
type setupReport struct {
	Tenant     string           `json:"tenant"` // its name in the configuration
	TenantID   string           `json:"tenantId"`
	Deployment string           `json:"deployment"`
	Objects    []setup.Item     `json:"objects"`
	Namesakes  []setup.Namesake `json:"namesakes"`
}

func (a *administrator) report(items []setup.Item, namesakes []setup.Namesake) setupReport {
	return setupReport{
		Tenant:     a.Tenant,
		TenantID:   a.Authority.TenantID,
		Deployment: a.options.Wanted.Deployment,
		Objects:    append([]setup.Item{}, items...),
		Namesakes:  append([]setup.Namesake{}, namesakes...),
	}
}

// signOf returns the mark of an action in a plan, as Terraform has them.
func signOf(action setup.Action) string {
	switch action {
	case setup.Create:
		return "+"
	case setup.Change:
		return "~"
	case setup.Delete:
		return "-"
	case setup.Manual, setup.Blocked:
		return "!"
	default:
		return "="
	}
}

// describe returns the lines for one object, broken at the width unless it is 0.
func describe(i setup.Item, width int) string {
	const indent = "             "
	lines := []string{wrap.Hang(fmt.Sprintf("%s %-8s ", signOf(i.Action), i.Action), i.Object, width)}
	add := func(label, text string) { lines = append(lines, wrap.Hang(indent+label, text, width)) }
	for _, c := range i.Changes {
		if c.From == nil {
			add(c.Property+": ", fmt.Sprint(c.To))
		} else {
			add(c.Property+": ", fmt.Sprintf("%v -> %v", c.From, c.To))
		}
	}
	if i.Reason != "" {
		add("", i.Reason)
	}
	if i.Step != "" {
		add("by hand: ", i.Step)
	}
	return strings.Join(lines, "\n")
}

// summary counts the objects by action.
func summary(items []setup.Item) string {
	count := map[setup.Action]int{}
	for _, i := range items {
		count[i.Action]++
	}
	var parts []string
	for _, a := range []setup.Action{
		setup.Create, setup.Change, setup.Delete, setup.Keep, setup.Manual, setup.Blocked,
	} {
		if count[a] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[a], a))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// warnNamesakes names the objects that look like wanted ones and are not touched.
func (a *administrator) warnNamesakes(namesakes []setup.Namesake) {
	for _, n := range namesakes {
		a.Progress.Warn("the %s %s (%s) has the same name, but not the tag of the setup; it is not touched",
			n.Kind, n.Name, n.ID)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
