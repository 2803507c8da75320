package command

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// DurationFlag binds a flag that holds a duration longer than zero. A shorter one
// is a usage error, because it would end every request or wait before it begins.
func DurationFlag(f *pflag.FlagSet, d *time.Duration, name string, value time.Duration, usage string) {
	*d = value
	f.Var(&positiveDuration{d}, name, usage)
}

type positiveDuration struct{ d *time.Duration }

// String returns the duration (pflag.Value), without trailing zeros: 5m for 5m0s.
func (v *positiveDuration) String() string {
	if v.d == nil {
		return ""
	}
	text := v.d.String()
	if minutes, ok := strings.CutSuffix(text, "m0s"); ok {
		text = minutes + "m"
	}
	if hours, ok := strings.CutSuffix(text, "h0m"); ok {
		text = hours + "h"
	}
	return text
}

// Set parses a duration, for example 90s or 5m.
func (v *positiveDuration) Set(text string) error {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("a duration has a unit, as in 90s or 5m")
	case d <= 0:
		return errors.New("it must be longer than zero")
	}
	*v.d = d
	return nil
}

// Type returns the name of the value in the help.
func (v *positiveDuration) Type() string { return "duration" }
