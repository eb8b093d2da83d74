package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// endpointFile has the address at which the process that has a log open serves it, below the store.
const endpointFile = "endpoint"

// endpointTimeout bounds how long an endpoint is tried.
const endpointTimeout = 500 * time.Millisecond

// noteEndpoint records the address at which this process serves the log in a directory, until remove
// is called. It is a hint for commands that find the log in use, so failures are only logged.
func noteEndpoint(dir, address string, logger *slog.Logger) (remove func()) {
	file := filepath.Join(dir, endpointFile)
	if err := os.WriteFile(file, []byte(address+"\n"), 0o640); err != nil {
		logger.Debug("could not record the address of this process", "file", file, "error", err)
	}
	return func() {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			logger.Debug("could not remove the address of this process", "file", file, "error", err)
		}
	}
}

// EndpointOf returns the address at which the log in a directory is served: http://… or esdb://…,
// "" if there is none. An address that nothing listens on, as after a kill, does not count.
func EndpointOf(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, endpointFile))
	if err != nil {
		return ""
	}
	address := strings.TrimSpace(string(text))
	at, err := url.Parse(address)
	if err != nil || at.Host == "" {
		return ""
	}
	conn, err := net.DialTimeout("tcp", at.Host, endpointTimeout)
	if err != nil {
		return ""
	}
	_ = conn.Close() // nothing was sent
	return address
}

// InUse is the error of a process that wants to write the log in a directory while another one has
// it open; other is what to do instead of stopping that one.
func InUse(dir, other string) error {
	switch address := EndpointOf(dir); {
	case IsEventStore(address):
		return fmt.Errorf("admitone eventstore is using the log in %s; stop it, or use its log through it: --store '%s'",
			dir, address)
	case address != "":
		return fmt.Errorf("another server is using the log in %s; stop it (%s), or %s", dir, address, other)
	}
	return fmt.Errorf("another server is using the log in %s; stop it, or %s", dir, other)
}

// IsEventStore reports whether an endpoint speaks EventStoreDB's protocol.
func IsEventStore(endpoint string) bool { return strings.HasPrefix(endpoint, "esdb://") }
