package config

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/loopback"
)

// The checks return what is wrong with a value, as words that follow the name of
// the setting: "must be a port between 0 and 65535".

// noPlaceholder rejects the placeholders in the files of Microsoft's sample.
func noPlaceholder(v string) error {
	if strings.Contains(v, "Enter_the_") || strings.Contains(v, "Add_your_") {
		return errors.New("still holds the placeholder of the sample")
	}
	return nil
}

func checkGUID(v string) error {
	if err := noPlaceholder(v); err != nil || guid.Valid(v) {
		return err
	}
	return errors.New("must be an ID such as 00000000-0000-0000-0000-000000000000")
}

// checkAudiences accepts client IDs and App ID URIs.
func checkAudiences(v string) error {
	for audience := range strings.SplitSeq(v, ",") {
		audience = strings.TrimSpace(audience)
		if err := noPlaceholder(audience); err != nil {
			return err
		}
		u, err := url.Parse(audience)
		if guid.Valid(audience) || err == nil && u.Scheme != "" && u.Host+u.Opaque != "" {
			continue
		}
		return errors.New("must be client IDs or App ID URIs, such as api://contoso/profile, separated by commas")
	}
	return nil
}

func checkScope(v string) error {
	if err := noPlaceholder(v); err != nil {
		return err
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme == "" || u.Host == "" || len(u.Path) < 2 || strings.ContainsAny(v, " \t") {
		return errors.New("must be one scope such as api://<client id>/EditProfileService.ReadWrite")
	}
	return nil
}

func checkHTTPS(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return errors.New("must be an https address")
	}
	return nil
}

// checkRedis rejects an address with a password, because addresses are printed and
// logged.
func checkRedis(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "redis" && u.Scheme != "rediss" {
		return errors.New("must be an address such as redis://host:6379/0, or rediss:// for TLS")
	}
	if _, has := u.User.Password(); has {
		return errors.New("holds a password: set PROFILECTL_SERVE_CACHE_PASSWORD instead")
	}
	return nil
}

// checkCollector allows plain http for every host: spans hold no personal data, and
// a collector often runs in the same cluster.
func checkCollector(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("must be an address such as http://localhost:4318")
	}
	return nil
}

// checkAddress allows plain http only for this machine.
func checkAddress(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("must be an address such as https://host")
	}
	if u.Scheme == "http" && !loopback.IsHost(u.Hostname()) {
		return errors.New("must be an https address; plain http is for localhost only")
	}
	return nil
}

// checkOrigins accepts origins as browsers send them. Plain http is for this machine
// only, because another program could change the scripts on their way.
func checkOrigins(v string) error {
	for origin := range strings.SplitSeq(v, ",") {
		origin = strings.TrimSpace(origin)
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || origin != strings.ToLower(u.Scheme+"://"+u.Host) {
			return errors.New("must be origins such as https://app.contoso.com, " +
				"without a path and separated by commas")
		}
		switch {
		case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
			return errors.New("must be origins without the default port, as browsers send them")
		case u.Scheme != "https" && (u.Scheme != "http" || !loopback.IsHost(u.Hostname())):
			return errors.New("must be https origins; plain http is for localhost only")
		}
	}
	return nil
}

func checkListen(v string) error {
	if _, port, err := net.SplitHostPort(v); err != nil || checkPort(port) != nil {
		return errors.New("must be an address such as localhost:3001")
	}
	return nil
}

func checkPort(v string) error {
	const highest = 65535
	if n, err := strconv.Atoi(v); err != nil || n < 0 || n > highest {
		return errors.New("must be a port between 0 and 65535")
	}
	return nil
}

func checkCount(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 0 {
		return errors.New("must be 0 or greater")
	}
	return nil
}

// checkEgress accepts the characters that a name in Redis needs no quotes for.
func checkEgress(v string) error {
	const most = 64
	const special = "-_."
	unusual := func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		return !letter && (r < '0' || r > '9') && !strings.ContainsRune(special, r)
	}
	if len(v) > most || strings.ContainsFunc(v, unusual) {
		return errors.New("must be at most 64 letters, digits, '-', '_' or '.'")
	}
	return nil
}

func checkBool(v string) error {
	if _, err := strconv.ParseBool(v); err != nil {
		return errors.New("must be true or false")
	}
	return nil
}

func checkDuration(v string) error {
	if d, err := time.ParseDuration(v); err != nil || d <= 0 {
		return errors.New("must be a time such as 15s")
	}
	return nil
}

func checkDelay(v string) error {
	if d, err := time.ParseDuration(v); err != nil || d < 0 {
		return errors.New("must be a time such as 5s, or 0s for none")
	}
	return nil
}

func checkDate(v string) error {
	_, timeErr := time.Parse(time.RFC3339, v)
	_, dateErr := time.Parse(time.DateOnly, v)
	if timeErr != nil && dateErr != nil {
		return errors.New("must be a date such as 2027-05-31, or a time such as 2027-05-31T12:00:00Z")
	}
	return nil
}

func oneOf(allowed ...string) func(string) error {
	return func(v string) error {
		if slices.Contains(allowed, v) {
			return nil
		}
		return errors.New("must be one of " + strings.Join(allowed, ", "))
	}
}
