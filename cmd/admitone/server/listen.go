package server

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"admitone/api/connections"
	"admitone/cmd/admitone/usage"
)

// listenOn listens on the address that a flag names. The error names the flag.
func listenOn(flag, address string) (net.Listener, error) {
	if err := CheckAddress(flag, address); err != nil {
		return nil, err
	}
	listener, err := connections.Open(address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("can't listen on %s: the address is in use by another program; "+
			"give another with --%s, such as --%[2]s 127.0.0.1:0 for any free port", address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s: %w; give another address with --%s", address, err, flag)
	}
	return listener, nil
}

// CheckAddress checks the address that a flag names. Its errors are usage errors.
func CheckAddress(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		if number, bad := strconv.ParseUint(address, 10, 16); bad == nil {
			return usage.Errorf("--%s is an address and a port; did you mean 127.0.0.1:%d?", flag, number)
		}
		if ip := net.ParseIP(address); ip != nil && ip.To4() == nil {
			return usage.Errorf("--%s is an address and a port, one of IPv6 in brackets; did you mean [%s]:8080?", flag, address)
		}
		return usage.Errorf("--%s is an address and a port such as 127.0.0.1:8080, not %q", flag, address)
	}
	if number, err := strconv.Atoi(port); err == nil && (number < 0 || number > 65535) {
		return usage.Errorf("--%s %s: a port is from 0 to 65535", flag, address)
	}
	return nil
}

// IsLoopback reports whether only this machine can reach an address.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
