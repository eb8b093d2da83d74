package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"admitone/cmd/admitone/usage"
)

// bindHost returns the IP address to bind for a host: memberlist accepts only IP addresses. Without
// a host it is the wildcard of IPv4; "::" is that of IPv6, and also of IPv4 where the system does
// not separate them.
func bindHost(host string) (string, error) {
	if host == "" {
		return "0.0.0.0", nil
	}
	ip := net.ParseIP(host)
	if ip == nil {
		found, err := net.LookupIP(host)
		if err != nil {
			return "", err
		}
		ip = found[0]
	}
	if ip.IsLinkLocalUnicast() {
		return "", errors.New("a link-local address does not identify its network")
	}
	return ip.String(), nil
}

// advertised returns the IP address that this node advertises: that of the given host, if there is
// one. It is "" where memberlist determines the address: for one address, and for the wildcard
// of IPv4. Errors: a [usage.Error].
func advertised(host, bound string) (string, error) {
	if host != "" {
		address, err := bindHost(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
		if err != nil {
			return "", usage.Errorf("--cluster-advertise %s: %w; give the name or the address of this machine, without a port",
				host, err)
		}
		return address, nil
	}
	if ip := net.ParseIP(bound); ip.To4() != nil || !ip.IsUnspecified() {
		return "", nil
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	if found := firstOf(all); found != nil {
		return found.String(), nil
	}
	return "", usage.Errorf("this machine has no address that others can reach; give one with --cluster-advertise")
}

// firstOf returns the first address that other machines can reach, preferably of IPv6, nil if there
// is none.
func firstOf(all []net.Addr) (found net.IP) {
	for _, address := range all {
		of, ok := address.(*net.IPNet)
		if !ok || !of.IP.IsGlobalUnicast() {
			continue
		}
		if of.IP.To4() == nil {
			return of.IP
		}
		if found == nil {
			found = of.IP
		}
	}
	return found
}

// CheckJoin checks the address of a node to join. Errors: a [usage.Error].
func CheckJoin(seed string) error {
	name, dns := strings.CutPrefix(seed, "dns://")
	host, text, err := net.SplitHostPort(name)
	port, portErr := strconv.ParseUint(text, 10, 16)
	switch {
	case err == nil && portErr == nil && host != "" && port > 0:
		return nil
	case dns:
		return usage.Errorf("--join %s: give a name and a port, such as dns://admitone:7946", seed)
	case err != nil && name != "" && !strings.ContainsAny(name, ":[]/"):
		return usage.Errorf("--join %s: the port is missing; give that of the other node's --cluster, such as %[1]s:7946", seed)
	}
	return usage.Errorf("--join %s: give an address and a port, one of IPv6 in brackets, such as [fd00::1]:7946", seed)
}

// checkClusterPort checks that the port of --cluster is free: memberlist's error is a chain of its steps.
func checkClusterPort(listen, address string) error {
	stream, err := net.Listen("tcp", address)
	if err == nil {
		if err = stream.Close(); err != nil {
			return err
		}
		var packets net.PacketConn
		if packets, err = net.ListenPacket("udp", address); err == nil {
			return packets.Close()
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("can't listen on %s for other nodes: the port is taken by another program; give another address "+
			"with --cluster", listen)
	}
	return fmt.Errorf("can't listen on %s for other nodes: %w; give another address with --cluster", listen, err)
}

// reachable returns the address at which others reach a listener: its own or, if it listens on all
// addresses, the first usable one of hosts, or the name of the machine.
func reachable(listener string, hosts ...string) string {
	own, port, _ := net.SplitHostPort(listener)
	machine, _ := os.Hostname()
	for _, host := range append(append([]string{own}, hosts...), machine) {
		if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
			return net.JoinHostPort(host, port)
		}
	}
	return listener
}
