package setup

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/profilectl/profilectl/internal/statefile"
)

// Journal is a file that notes which objects were created lately. Entra shows a new object
// to its readers after seconds or minutes. A run that follows a killed one waits for the
// objects of the journal, and so does not create them twice. An empty Path is no journal.
type Journal struct {
	Path string
}

// notes are the times of the requests that created objects, by the id of the object. They
// are written before the request, because its response may never arrive.
type notes map[string]time.Time

// read returns the notes. A damaged file has none.
func (j Journal) read() notes {
	n := notes{}
	raw, err := statefile.Read(j.Path)
	if err != nil || json.Unmarshal(raw, &n) != nil {
		return notes{}
	}
	return n
}

// begin notes that an object is being created. refused removes the note: the request had
// no effect.
func (j Journal) begin(id string) error {
	n := j.read()
	n[id] = time.Now()
	return j.write(n)
}

func (j Journal) refused(id string) error {
	n := j.read()
	delete(n, id)
	return j.write(n)
}

// clear removes all notes: the tenant shows everything.
func (j Journal) clear() error { return j.write(notes{}) }

func (j Journal) write(n notes) error {
	if j.Path == "" {
		return nil
	}
	raw, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return statefile.Write(j.Path, raw)
}
