package tokenstore

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

// TestCheckBusLooksForAnAddress uses a user id that no user has.
func TestCheckBusLooksForAnAddress(t *testing.T) {
	const nobody = 1 << 30
	for address, why := range map[string]string{
		"unix:path=/run/user/1/bus":                   "",
		"unix:path=/run/user/1/bus,guid=abc":          "",
		"unix:guid=abc,path=/run/user/1/bus":          "",
		"unix:abstract=/tmp/dbus-x,guid=abc":          "",
		"tcp:host=localhost,port=1":                   "",
		"disabled:;unix:path=/run/user/1/bus":         "",
		"unix:dir=/tmp;unix:abstract=/tmp/x":          "",
		"":                                            "is not set",
		"autolaunch:":                                 "is not set",
		"autolaunch:scope=*install-path":              `the transport "autolaunch"`,
		"autolaunch:;autolaunch:":                     `the transport "autolaunch"`,
		"disabled:":                                   "switches the session bus off",
		"unix:dir=/tmp":                               "where a bus listens (unix:dir=/tmp)",
		"unix:tmpdir=/tmp":                            "where a bus listens",
		"unix:runtime=yes":                            "where a bus listens",
		"unix:path=":                                  `the transport "unix"`,
		"unixexec:path=ssh,argv1=host":                `the transport "unixexec"`,
		"launchd:env=DBUS_LAUNCHD_SESSION_BUS_SOCKET": `the transport "launchd"`,
		"/run/user/1/bus":                             "is not the address of a bus",
		" ":                                           "is not the address of a bus",
		";;":                                          "is not the address of a bus",
	} {
		r := osRing{goos: "linux", uid: nobody, getenv: func(string) string { return address }}
		err := r.checkBus()
		if why == "" && err == nil {
			continue
		}
		if err == nil || why == "" || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: got %v", address, err)
			continue
		}
		f := fault.As(explain(err))
		if f.Kind != fault.Unavailable || !strings.HasPrefix(f.What, "there is no keyring in this session: ") {
			t.Errorf("%q: got %v", address, f)
		}
	}
	if err := (osRing{goos: "darwin"}).checkBus(); err != nil {
		t.Errorf("a system without D-Bus: %v", err)
	}
}

func TestExplainDoesNotCallAForeignBusLocked(t *testing.T) {
	f := fault.As(explain(errors.New("dbus: authentication failed")))
	if !strings.Contains(f.What, "another user") || !strings.Contains(f.Fix, "without sudo") {
		t.Errorf("got %v, fix %s", f, f.Fix)
	}
}

// TestRingAcceptsAnEmptyCredentialManager gives it the error of CredEnumerate.
func TestRingAcceptsAnEmptyCredentialManager(t *testing.T) {
	const notFound, accessDenied = syscall.Errno(1168), syscall.Errno(5)
	windows := osRing{goos: "windows"}
	if err := windows.emptyError(notFound); !errors.Is(err, errNotFound) {
		t.Errorf("got %v", err)
	}
	for _, err := range []error{windows.emptyError(accessDenied), osRing{goos: "linux"}.emptyError(notFound)} {
		if err == nil || errors.Is(err, errNotFound) {
			t.Errorf("got %v", err)
		}
	}
}
