package cli

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdb"
)

// runEventstore runs admitone eventstore until stop is called, which returns its status.
func runEventstore(t *testing.T, args ...string) (line string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- runTo(ctx, append([]string{"eventstore", "--listen", "127.0.0.1:0"}, args...), out, io.Discard)
		out.Close()
	}()
	lines := bufio.NewReader(in)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("the server ended with status %d", <-status)
	}
	go io.Copy(io.Discard, lines)
	var ended bool
	stop = func() int {
		cancel()
		if ended {
			return exitDone
		}
		ended = true
		return <-status
	}
	t.Cleanup(func() { stop() })
	return line, stop
}

// addressIn finds the connection string in the output of the command.
func addressIn(t *testing.T, line string) string {
	t.Helper()
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "esdb://") {
			return word
		}
	}
	t.Fatalf("no address in %q", line)
	return ""
}

func connectTo(t *testing.T, address string, options esdb.Options) *esdb.Store {
	t.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	store, err := esdb.Open(ctx, address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// another returns a valid event of an unknown sender.
func another() []events.Event {
	return []events.Event{{ID: events.EventID("another", 0), Type: "another.v1", Data: []byte("{}")}}
}

// ourStreams returns the events of a log except those of the EventStoreDB itself.
func ourStreams(t *testing.T, store events.Store) (all []events.Recorded) {
	t.Helper()
	for e, err := range events.All(t.Context(), store, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if !e.Stream.Internal() {
			e.Fact, e.Position = nil, 0
			all = append(all, e)
		}
	}
	return all
}

// TestEventstore: events written over the wire are in the directory, which anyone can read and no
// one can write unless that is permitted.
func TestEventstore(t *testing.T) {
	dir := t.TempDir()
	line, stop := runEventstore(t, "--dir", dir, "--writable")
	if !strings.Contains(line, "(writable)") || !strings.Contains(line, dir) {
		t.Errorf("printed %q; want %q and %q", line, "(writable)", dir)
	}
	appendSales(t, connectTo(t, addressIn(t, line), esdb.Options{}), "1", 300)
	if status, _, stderr := command(t, "eventstore", "--dir", dir, "--listen", "127.0.0.1:0"); status != exitUnavailable ||
		!strings.Contains(stderr, addressIn(t, line)) {
		t.Errorf("a second one ends with status %d: %s; want status exitUnavailable and %q",
			status, stderr, addressIn(t, line))
	}
	if status := stop(); status != exitDone {
		t.Errorf("ended with status %d; want status exitDone", status)
	}
	log, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := ourStreams(t, log)
	if err := log.Close(); err != nil || len(want) != 301 {
		t.Fatalf("the log has %d events, want 301; Close = %v", len(want), err)
	}
	line, stop = runEventstore(t, "--dir", dir)
	store := connectTo(t, addressIn(t, line), esdb.Options{ReadOnly: true})
	if got := ourStreams(t, store); !strings.Contains(line, "(read-only)") || !reflect.DeepEqual(got, want) {
		t.Errorf("%q: %d events, want %d", line, len(got), len(want))
	}
	// The log has its epoch already, so that opening it writes nothing.
	if _, err := connectTo(t, addressIn(t, line), esdb.Options{}).Append(t.Context(), "product-1", 300,
		another()); err == nil {
		t.Error("a read-only log was written to")
	}
	if status := stop(); status != exitDone {
		t.Errorf("ended with status %d; want status exitDone", status)
	}
	must(t, exitDone, "verify", "--store", dir)
}

// TestEventstoreUsers: over TLS, a user may write, a reader only read, and others nothing.
func TestEventstoreUsers(t *testing.T) {
	cert, key := certificate(t)
	line, _ := runEventstore(t, "--dir", t.TempDir(), "--writable", "--tls-cert", cert, "--tls-key", key, "--user", "node:a:b",
		"--reader", "audit:c")
	host := strings.TrimPrefix(addressIn(t, line), "esdb://")
	if strings.Contains(host, "tls=false") {
		t.Errorf("printed %q; want no %q", line, "tls=false")
	}
	appendSales(t, connectTo(t, "esdb://node:a%3Ab@"+host+"?tlsCaFile="+cert, esdb.Options{}), "1", 3)
	reader := connectTo(t, "esdb://audit:c@"+host+"?tlsCaFile="+cert, esdb.Options{})
	if n := len(ourStreams(t, reader)); n != 4 {
		t.Errorf("the reader sees %d events, want 4", n)
	}
	if _, err := reader.Append(t.Context(), "product-1", 3, another()); err == nil {
		t.Error("the reader has written")
	}
	for _, holder := range []string{"", "audit:guess@"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		store, err := esdb.Open(ctx, "esdb://"+holder+host+"?tlsCaFile="+cert,
			esdb.Options{ReadOnly: true, Logger: slog.New(slog.DiscardHandler)})
		cancel()
		if err == nil {
			t.Errorf("%q was accepted; want an error", holder)
			store.Close()
		}
	}
}

// certificate writes a certificate for 127.0.0.1 and its key.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert},
		keyFile: {Type: "PRIVATE KEY", Bytes: bytes}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestEventstoreUsage(t *testing.T) {
	cert, key := certificate(t)
	for _, args := range []string{
		"eventstore --user a:b", "eventstore --reader a:b", "eventstore --tls-cert " + cert, "eventstore --tls-key " + key,
		"eventstore --tls-cert " + key + " --tls-key " + cert, "eventstore --tls-cert " + cert + ".no --tls-key " + key,
		"eventstore --tls-cert " + cert + " --tls-key " + key + " --user a", "eventstore --tls-cert " + cert + " --tls-key " +
			key + " --user :b",
		"eventstore --tls-cert " + cert + " --tls-key " + key + " --user a:b --reader a:c", "eventstore now",
		"serve --esdb-listen 0.0.0.0:0", "serve --esdb-listen :0", "serve --esdb-listen nowhere",
	} {
		must(t, exitUsage, strings.Fields(args)...)
	}
	must(t, exitUnavailable, "eventstore", "--dir", t.TempDir(), "--listen", "203.0.113.1:0")
}

// TestServeOffersItsLog: EventStoreDB clients read the log of a running server, and follow it.
func TestServeOffersItsLog(t *testing.T) {
	log := freeAddress(t)
	p, err := server.Start(server.Settings{
		Listen: "127.0.0.1:0", Store: t.TempDir(), Auth: api.OpenAuth{}, IdleAfter: time.Minute,
		EsdbListen: log, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: p, url: "http://" + p.Address(), t: t}
	t.Cleanup(s.end)
	s.sell("1")
	store := connectTo(t, "esdb://"+log+"?tls=false", esdb.Options{ReadOnly: true})
	want := ourStreams(t, p.Log)
	if got := ourStreams(t, store); len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d events, want %d", len(got), len(want))
	}
	following, arrived := context.WithTimeout(t.Context(), time.Minute)
	defer arrived()
	sold := make(chan struct{})
	go func() {
		defer close(sold)
		appendSales(t, p.Log, "2", 3)
	}()
	err = store.Follow(following, 0, func(page []events.Recorded) error {
		for i := range page {
			if page[i].Stream == "product-2" {
				arrived()
			}
		}
		return nil
	})
	if <-sold; err == nil || following.Err() != context.Canceled {
		t.Errorf("following ended with %v", err)
	}
}
