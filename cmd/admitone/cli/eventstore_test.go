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

// runEventstore runs admitone eventstore until stop is called. It returns the first line of the output;
// stop returns the exit status.
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
		t.Fatalf("eventstore %q ended with status %d, want it to print a line", args, <-status)
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
	t.Fatalf("printed %q, want an address that begins with esdb://", line)
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

// unknownEvents returns a valid event of a type that admitone does not know.
func unknownEvents() []events.Event {
	return []events.Event{{ID: events.EventID("another", 0), Type: "another.v1", Data: []byte("{}")}}
}

// ownEvents returns the events of a log except those in the store's internal streams, without their
// positions, which depend on the store.
func ownEvents(t *testing.T, store events.Store) (all []events.Recorded) {
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

// TestEventstore: events written through admitone eventstore are in its directory. Without --writable
// clients can only read.
func TestEventstore(t *testing.T) {
	dir := t.TempDir()
	line, stop := runEventstore(t, "--dir", dir, "--writable")
	if !strings.Contains(line, "(writable)") || !strings.Contains(line, dir) {
		t.Errorf("printed %q; want %q and %q", line, "(writable)", dir)
	}
	appendSales(t, connectTo(t, addressIn(t, line), esdb.Options{}), "1", 300)
	if status, _, stderr := command(t, "eventstore", "--dir", dir, "--listen", "127.0.0.1:0"); status != exitUnavailable ||
		!strings.Contains(stderr, addressIn(t, line)) {
		t.Errorf("a second eventstore on the directory: status %d: %s; want status 3 and %q",
			status, stderr, addressIn(t, line))
	}
	if status := stop(); status != exitDone {
		t.Errorf("ended with status %d; want status 0", status)
	}
	log, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := ownEvents(t, log)
	if err := log.Close(); err != nil || len(want) != 301 {
		t.Fatalf("the log has %d events, want 301; Close = %v", len(want), err)
	}
	line, stop = runEventstore(t, "--dir", dir)
	store := connectTo(t, addressIn(t, line), esdb.Options{ReadOnly: true})
	if got := ownEvents(t, store); !strings.Contains(line, "(read-only)") || !reflect.DeepEqual(got, want) {
		t.Errorf("printed %q, and %d events are read; want (read-only) and the same %d events", line, len(got), len(want))
	}
	// Opening the store writes nothing, since the log has its epoch already.
	if _, err := connectTo(t, addressIn(t, line), esdb.Options{}).Append(t.Context(), "product-1", 300,
		unknownEvents()); err == nil {
		t.Error("an append to a read-only eventstore succeeded, want an error")
	}
	if status := stop(); status != exitDone {
		t.Errorf("ended with status %d; want status 0", status)
	}
	must(t, exitDone, "verify", "--store", dir)
}

// TestEventstoreUsers: over TLS, a --user may write, a --reader may only read, and others are refused.
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
	if n := len(ownEvents(t, reader)); n != 4 {
		t.Errorf("the reader sees %d events, want 4", n)
	}
	if _, err := reader.Append(t.Context(), "product-1", 3, unknownEvents()); err == nil {
		t.Error("an append of the reader succeeded, want an error")
	}
	for _, credentials := range []string{"", "audit:guess@"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		store, err := esdb.Open(ctx, "esdb://"+credentials+host+"?tlsCaFile="+cert,
			esdb.Options{ReadOnly: true, Logger: slog.New(slog.DiscardHandler)})
		cancel()
		if err == nil {
			t.Errorf("the credentials %q were accepted; want an error", credentials)
			store.Close()
		}
	}
}

// certificate writes a self-signed certificate for 127.0.0.1, and its key.
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
	want := ownEvents(t, p.Log)
	if got := ownEvents(t, store); len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("the client reads %d events, want the %d of the log", len(got), len(want))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sold := make(chan struct{})
	go func() {
		defer close(sold)
		appendSales(t, p.Log, "2", 3)
	}()
	err = store.Follow(ctx, 0, func(page []events.Recorded) error {
		for i := range page {
			if page[i].Stream == "product-2" {
				cancel()
			}
		}
		return nil
	})
	if <-sold; err == nil || ctx.Err() != context.Canceled {
		t.Errorf("Follow ended with %v, context %v; want the new event, and an error after the cancellation",
			err, ctx.Err())
	}
}
