package setup

import (
	"encoding/json"
	"os"
	"time"

	"github.com/profilectl/profilectl/internal/statefile"
)

// Journal is a file that notes which object is being created. Entra shows a new object
// to its readers after seconds or minutes. A run that follows a killed one waits for the
// object of the note, and so does not create it twice. An empty Path is no journal.
type Journal struct {
	Path string
}

type note struct {
	Pending string    `json:"pending"` // id of the object; empty if the response arrived
	At      time.Time `json:"at"`      // of the last write
}

// read returns the note, or the zero value. A damaged file is no note.
func (j Journal) read() note {
	var n note
	raw, err := os.ReadFile(j.Path)
	if err != nil || json.Unmarshal(raw, &n) != nil {
		return note{}
	}
	return n
}

// begin notes that an object is being created, and end that the response arrived.
func (j Journal) begin(id string) error { return j.write(note{Pending: id, At: time.Now()}) }
func (j Journal) end() error            { return j.write(note{At: time.Now()}) }

func (j Journal) write(n note) error {
	if j.Path == "" {
		return nil
	}
	raw, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return statefile.Write(j.Path, raw)
}
