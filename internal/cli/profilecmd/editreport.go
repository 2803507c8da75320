package profilecmd

import (
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// editStatus is the outcome of an edit, as scripts read it.
type editStatus string

const (
	statusUpdated   editStatus = "updated"
	statusAccepted  editStatus = "accepted"
	statusUnchanged editStatus = "unchanged"
	statusDryRun    editStatus = "dry-run"
)

// sentence words the outcome for the user.
func (e *edit) sentence(status editStatus) string {
	switch status {
	case statusUpdated:
		return "Updated."
	case statusAccepted:
		return "Accepted. Microsoft Graph does not show the change yet; check `" +
			e.Command("profilectl show") + "` in a minute."
	case statusDryRun:
		return "Nothing was sent."
	default:
		return "Nothing to change: the profile has these values already."
	}
}

// editReport is the result of edit, as scripts read it.
type editReport struct {
	Status  editStatus           `json:"status"`
	Account string               `json:"account"`
	Changes []profile.Difference `json:"changes"`
	Undoes  string               `json:"undoes,omitempty"`
	Stay    []string             `json:"notUndone,omitempty"`
}

// report prints the outcome: the changes as data, and a sentence. A user who has
// seen the differences does not see them twice.
func (e *edit) report(status editStatus, p proposal, shown bool) error {
	result := editReport{
		Status:  status,
		Account: e.account.Username,
		Changes: e.differences(p),
		Undoes:  p.undoes,
		Stay:    p.stay,
	}
	if result.Changes == nil {
		result.Changes = []profile.Difference{}
	}
	table := output.Table{Columns: []string{"FIELD", "BEFORE", "AFTER"}}
	for _, d := range result.Changes {
		table.Rows = append(table.Rows, []string{profile.Short(d.Field), valueText(d.Before), valueText(d.After)})
	}
	if len(table.Rows) == 0 || shown && e.Facts.StdoutTTY {
		return e.Print(result, e.sentence(status))
	}
	if err := e.Printer.Print(result, table); err != nil {
		return err
	}
	if e.Printer.Plain() {
		e.Say("%s", e.sentence(status))
	}
	return nil
}

// diff lists changes for a user before they are sent.
func diff(changes []profile.Difference, color bool) string {
	var rows []terminal.Change
	for _, d := range changes {
		rows = append(rows, terminal.Change{
			Field:  profile.Short(d.Field),
			Before: output.Plain(valueText(d.Before)),
			After:  output.Plain(valueText(d.After)),
		})
	}
	return terminal.Diff(rows, color)
}

// valueText returns a field's value for a table, or a word for no value.
func valueText(value *string) string {
	if value == nil {
		return "(none)"
	}
	return *value
}
