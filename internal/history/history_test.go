package history_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/profilectl/profilectl/internal/history"
	"github.com/profilectl/profilectl/internal/profile"
)

func entry(id, account, undoes string) history.Entry {
	before, after := "Basel", "Bern"
	return history.Entry{
		ID:      id,
		Account: account,
		Undoes:  undoes,
		Changes: []profile.Difference{
			{Field: "city", Before: &before, After: &after},
			{Field: "state", After: &after},
		},
	}
}

func TestLogKeepsConcurrentEdits(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := history.In(dir).Add(t.Context(), entry(fmt.Sprint(i), "a", "")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := history.In(dir).Entries()
	if err != nil || len(got) != 20 {
		t.Errorf("got %d, %v", len(got), err)
	}
	info, err := os.Stat(filepath.Join(dir, "history.jsonl"))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

func TestLogKeepsOnlyTheLastEdits(t *testing.T) {
	l := history.In(t.TempDir())
	for i := range history.Keep + 3 {
		if err := l.Add(t.Context(), entry(fmt.Sprint(i), "a", "")); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Entries()
	if err != nil || len(got) != history.Keep || got[0].ID != "3" {
		t.Errorf("got %d from %s, %v", len(got), got[0].ID, err)
	}
}

func TestLogSkipsInvalidLines(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "history.jsonl")
	if err := os.WriteFile(path, []byte("{\n\x00\n{\"id\":\"x\"}\nnull\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := history.In(dir)
	if err := l.Add(t.Context(), entry("1", "a", "")); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Entries(); err != nil || len(got) != 1 || got[0].ID != "1" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestUndoableFindsTheLastEditOfAnAccount(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []history.Entry
		want    string
	}{
		{"no edits", nil, ""},
		{
			"the last of two edits",
			[]history.Entry{entry("1", "a", ""), entry("2", "a", "")},
			"2",
		},
		{
			"a later edit of another account",
			[]history.Entry{entry("1", "a", ""), entry("2", "b", "")},
			"1",
		},
		{
			"the edit before one that was undone",
			[]history.Entry{entry("1", "a", ""), entry("2", "a", ""), entry("3", "a", "2")},
			"1",
		},
		{
			"all edits were undone",
			[]history.Entry{entry("1", "a", ""), entry("2", "a", "1")},
			"",
		},
		{
			"an edit after an undo",
			[]history.Entry{entry("1", "a", ""), entry("2", "a", "1"), entry("3", "a", "")},
			"3",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := history.Undoable(c.entries, "a"); got.ID != c.want || ok != (c.want != "") {
				t.Errorf("got %q", got.ID)
			}
		})
	}
}

func TestEntryReverseRestoresTheValues(t *testing.T) {
	e := entry("1", "a", "")
	if diff := e.Reverse().Diff(e.Left()); len(diff) != 2 || *diff[0].After != "Basel" || diff[1].After != nil {
		t.Errorf("got %v", diff)
	}
}

func TestLogForgetsAnAccount(t *testing.T) {
	l := history.In(t.TempDir())
	if err := l.Forget(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	for _, account := range []string{"a", "b"} {
		if err := l.Add(t.Context(), entry(account, account, "")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Forget(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Entries(); err != nil || len(got) != 1 || got[0].ID != "b" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestLogForgetsATenant(t *testing.T) {
	l := history.In(t.TempDir())
	for _, tenant := range []string{"contoso", "fabrikam", "contoso"} {
		e := entry(tenant, "a", "")
		e.Tenant = tenant
		if err := l.Add(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.ForgetTenant(t.Context(), "contoso"); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Entries(); err != nil || len(got) != 1 || got[0].Tenant != "fabrikam" {
		t.Errorf("got %v, %v", got, err)
	}
}
