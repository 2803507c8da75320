package tokenstore

import (
	"encoding/json"
	"fmt"
	"maps"
)

// merge returns theirs, the cache that another process has saved, with the changes that
// this process has made from base to ours and could not save. Accounts are merged as a
// whole: the tokens of an account stay those of theirs if the other process has changed or
// removed it since base, because its save is the later one.
func merge(base, ours, theirs []byte) ([]byte, error) {
	before, err := readEntries(base)
	if err != nil {
		return nil, err
	}
	here, err := readEntries(ours)
	if err != nil {
		return nil, err
	}
	there, err := readEntries(theirs)
	if err != nil {
		return nil, err
	}
	accounts := maps.Clone(before)
	maps.Copy(accounts, here)
	for account := range accounts {
		if maps.Equal(there[account], before[account]) {
			there[account] = here[account]
		}
	}
	return writeEntries(there)
}

// entries are the entries of one account in a cache, as JSON. Their format is common to
// MSAL's implementations in all languages.
type entries map[place]string

// place is where an entry is in a cache.
type place struct{ section, key string }

// readEntries returns the entries of a cache by the id of their account, which is empty
// for those of the app.
func readEntries(data []byte) (map[string]entries, error) {
	sections := map[string]map[string]json.RawMessage{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &sections); err != nil {
			return nil, fmt.Errorf("read token cache: %w", err)
		}
	}
	found := map[string]entries{}
	for section, values := range sections {
		for key, value := range values {
			var of struct {
				Account string `json:"home_account_id"`
			}
			if err := json.Unmarshal(value, &of); err != nil {
				return nil, fmt.Errorf("read token cache: %w", err)
			}
			if found[of.Account] == nil {
				found[of.Account] = entries{}
			}
			found[of.Account][place{section, key}] = string(value)
		}
	}
	return found, nil
}

// writeEntries returns the cache with the entries of all accounts.
func writeEntries(accounts map[string]entries) ([]byte, error) {
	sections := map[string]map[string]json.RawMessage{}
	for _, entries := range accounts {
		for at, value := range entries {
			if sections[at.section] == nil {
				sections[at.section] = map[string]json.RawMessage{}
			}
			sections[at.section][at.key] = json.RawMessage(value)
		}
	}
	data, err := json.Marshal(sections)
	if err != nil {
		return nil, fmt.Errorf("write token cache: %w", err)
	}
	return data, nil
}
