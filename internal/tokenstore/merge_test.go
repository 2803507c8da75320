package tokenstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// accounts returns a cache in MSAL's format with a refresh token for each account, given
// as "account=token".
func accounts(pairs ...string) []byte {
	var tokens, known []string
	for _, pair := range pairs {
		id, token, _ := strings.Cut(pair, "=")
		tokens = append(tokens, fmt.Sprintf(`"rt-%[1]s":{"home_account_id":"%[1]s","secret":"%[2]s"}`, id, token))
		known = append(known, fmt.Sprintf(`"%[1]s":{"home_account_id":"%[1]s"}`, id))
	}
	return fmt.Appendf(nil, `{"Account":{%s},"RefreshToken":{%s}}`,
		strings.Join(known, ","), strings.Join(tokens, ","))
}

// TestStoreKeepsWhatAnotherProcessSavedAfterAFailedSave lets another process save between a
// save that the keyring rejects and the next one.
func TestStoreKeepsWhatAnotherProcessSavedAfterAFailedSave(t *testing.T) {
	for _, c := range []struct {
		name                       string
		before, unsaved, meanwhile []byte
		want                       []byte
	}{
		{
			name:      "another account signs in",
			before:    accounts("ann=1"),
			unsaved:   accounts("ann=2"),
			meanwhile: accounts("ann=1", "bob=1"),
			want:      accounts("ann=2", "bob=1"),
		},
		{
			name:      "both sign in an account for the first time",
			unsaved:   accounts("ann=1"),
			meanwhile: accounts("bob=1"),
			want:      accounts("ann=1", "bob=1"),
		},
		{
			name:      "the later token of an account stays",
			before:    accounts("ann=1", "bob=1"),
			unsaved:   accounts("ann=2", "bob=1"),
			meanwhile: accounts("ann=3", "bob=1"),
			want:      accounts("ann=3", "bob=1"),
		},
		{
			name:      "an account that signed out stays signed out",
			before:    accounts("ann=1", "bob=1"),
			unsaved:   accounts("ann=2", "bob=1"),
			meanwhile: accounts("bob=1"),
			want:      accounts("bob=1"),
		},
		{
			name:      "an account that signed out here stays signed out",
			before:    accounts("ann=1", "bob=1"),
			unsaved:   accounts("ann=1"),
			meanwhile: accounts("ann=2", "bob=1"),
			want:      accounts("ann=2"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, dir := newRing(), t.TempDir()
			this, other := open(t, r, dir), open(t, r, dir)
			if c.before != nil {
				if err := save(t.Context(), this, c.before); err != nil {
					t.Fatal(err)
				}
			}
			r.failing = errors.New("locked")
			if err := save(t.Context(), this, c.unsaved); !errors.As(err, new(*tokenstore.NotSaved)) {
				t.Fatalf("got %v, want NotSaved", err)
			}
			r.failing = nil
			if err := save(t.Context(), other, c.meanwhile); err != nil {
				t.Fatal(err)
			}
			if err := saveAgain(t.Context(), this); err != nil {
				t.Fatal(err)
			}
			if got, err := load(t.Context(), open(t, r, dir)); err != nil || string(got) != string(c.want) {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

// saveAgain saves the cache that MSAL gets, as MSAL does after a refresh.
func saveAgain(ctx context.Context, s *tokenstore.Store) error {
	return s.Locked(ctx, func(ctx context.Context) error {
		var b blob
		if err := s.Replace(ctx, &b, cache.ReplaceHints{}); err != nil {
			return err
		}
		return s.Export(ctx, &b, cache.ExportHints{})
	})
}

// TestStoreKeepsItsUnsavedCacheIfTheOtherOneCannotBeRead covers a keyring that locks itself
// after another process has saved.
func TestStoreKeepsItsUnsavedCacheIfTheOtherOneCannotBeRead(t *testing.T) {
	r, dir := newRing(), t.TempDir()
	this := open(t, r, dir)
	r.failing = errors.New("locked")
	if err := save(t.Context(), this, accounts("ann=1")); !errors.As(err, new(*tokenstore.NotSaved)) {
		t.Fatalf("got %v, want NotSaved", err)
	}
	r.failing = nil
	if err := save(t.Context(), open(t, r, dir), accounts("bob=1")); err != nil {
		t.Fatal(err)
	}
	kept := maps.Clone(r.items)
	r.gone = errors.New("locked")
	if got, _ := load(t.Context(), this); string(got) != string(accounts("ann=1")) {
		t.Errorf("this process has %s", got)
	}
	r.gone = nil
	if err := saveAgain(t.Context(), this); !errors.As(err, new(*tokenstore.NotSaved)) {
		t.Errorf("got %v, want NotSaved", err)
	}
	if !maps.Equal(r.items, kept) {
		t.Errorf("the keyring was overwritten: %v", slices.Collect(maps.Keys(r.items)))
	}
}

// TestStoreKeepsItsLockUntilALateSaveEnds lets another process save after the keyring did
// not answer in time: the late call would overwrite what that process saved.
func TestStoreKeepsItsLockUntilALateSaveEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging, dir := newRing(), t.TempDir()
		hanging.slow = make(chan struct{})
		working := &ring{items: hanging.items}
		other := open(t, working, dir)
		if err := save(t.Context(), open(t, hanging, dir), accounts("ann=1")); err == nil {
			t.Fatal("the keyring answered")
		}
		err := save(t.Context(), other, accounts("bob=1"))
		if f := fault.As(err); f.What != "another profilectl is using the stored sign-in" {
			t.Errorf("got %v", err)
		}
		close(hanging.slow)
		synctest.Wait()
		if err := save(t.Context(), other, accounts("bob=2")); err != nil {
			t.Fatal(err)
		}
		if got, err := load(t.Context(), open(t, working, dir)); string(got) != string(accounts("bob=2")) {
			t.Errorf("got %s, %v", got, err)
		}
	})
}
