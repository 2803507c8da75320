package main

import (
	"fmt"
	"time"
)

// soak sends serve one request from each of many users and prints how much memory
// it uses meanwhile, which must not grow with their number.
func (t *tenant) soak(o options, tool, dir string) error {
	s, err := t.startServe(tool, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	o.length = time.Hour // each step ends with its tokens
	const steps = 20
	fmt.Printf("%10s %8s %8s\n", "users", "RSS MB", "seconds")
	start := time.Now()
	for step := range steps {
		tokens, err := t.tokens(o.users / steps)
		if err != nil {
			return err
		}
		if _, _, err := load(s.address+"/updateUserInfo", o, tokens, true); err != nil {
			return err
		}
		memory, err := rss(s.pid)
		if err != nil {
			return err
		}
		fmt.Printf("%10d %8.1f %8.0f\n", (step+1)*len(tokens), memory, time.Since(start).Seconds())
	}
	return nil
}
