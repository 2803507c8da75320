// Package loopback recognizes hosts that are this machine, and listens on localhost.
// Only for such hosts may a token travel over plain HTTP.
package loopback

import (
	"net"
	"strings"
)

// IsHost reports whether host is localhost or a loopback address. It takes what
// url.URL's Hostname and net.SplitHostPort return, that is, no port; an IPv6
// address may have brackets. It resolves no names, and accepts IPv4 addresses
// only with four numbers: resolvers disagree on shorter forms such as 127.1.
func IsHost(host string) bool {
	address := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.EqualFold(host, "localhost") || net.ParseIP(address).IsLoopback()
}
