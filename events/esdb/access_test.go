package esdb

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/events/esdbwire"
)

// certificate creates a self-signed certificate for 127.0.0.1, and a file with it.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "node"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

// TestAccess: a node serves users over TLS according to their permission to write or to read.
func TestAccess(t *testing.T) {
	config, ca := certificate(t)
	log := openLog(t, t.TempDir())
	at := serve(t, log, "127.0.0.1:0", esdbwire.Config{Writable: true, TLS: config, Users: map[string]esdbwire.User{
		"writer": {Password: "w@:/?"}, "reader": {Password: "r", Reader: true},
	}})
	defer at.stop(t)
	open := func(user string, readOnly bool, options string) (*Store, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		s, err := Open(ctx, fmt.Sprintf("esdb://%s%s?maxDiscoverAttempts=2%s", user, at.address, options),
			Options{Logger: discardLogger, ReadOnly: readOnly})
		if s != nil {
			t.Cleanup(func() { s.Close() })
		}
		return s, err
	}
	trusted := "&tlsCaFile=" + ca
	for _, test := range []struct {
		user, options string
		readOnly      bool
		why           string
		refused       bool
	}{
		{"writer:w%40%3A%2F%3F@", "", false, "certificate", false}, // unknown authority
		{"", "&tls=false", false, "connect", false},
		{"writer:wrong@", trusted, false, "Unauthenticated", true},
		{"nobody:x@", trusted, true, "Unauthenticated", true},
		{"", trusted, false, "Access Denied", true},
		{"reader:r@", trusted, false, "writing the epoch", true}, // not permitted
	} {
		_, err := open(test.user, test.readOnly, test.options)
		if err == nil || !strings.Contains(err.Error(), test.why) || errors.Is(err, ErrRefused) != test.refused {
			t.Errorf("%s %s: %v, want %q", test.user, test.options, err, test.why)
		}
	}
	empty, err := open("reader:r@", true, trusted)
	if err != nil || empty.Epoch() != "empty" {
		t.Fatalf("opening a log without an epoch for reading: %v, want success", err)
	}
	for _, options := range []string{trusted, "&tlsVerifyCert=false"} {
		s, err := open("writer:w%40%3A%2F%3F@", false, options)
		if err != nil {
			t.Fatal(err)
		}
		stream := events.StreamID("product-" + options)
		if _, err := s.Append(t.Context(), stream, events.NoStream, sampleBatch(stream, 1)); err != nil {
			t.Error(err)
		}
		reader, err := open("reader:r@", true, options)
		if err != nil {
			t.Fatal(err)
		}
		if reader.Epoch() != s.Epoch() {
			t.Errorf("reader's epoch = %s, want %s", reader.Epoch(), s.Epoch())
		}
		if len(collect(t, reader, 0, 1)) == 0 {
			t.Error("the reader found no events")
		}
		if _, err := reader.Append(t.Context(), stream, 0,
			sampleBatch("a-1", 1)); !errors.Is(err, events.ErrUnavailable) || !errors.Is(err, ErrRefused) {
			t.Errorf("a reader's append: %v, want ErrUnavailable and ErrRefused", err)
		}
	}
}

// TestEpoch: the first writer writes the epoch, once.
func TestEpoch(t *testing.T) {
	at := serve(t, openLog(t, t.TempDir()), "127.0.0.1:0", esdbwire.Config{Writable: true})
	defer at.stop(t)
	const n = 8
	epochs := make(chan string, n)
	for range n {
		go func() {
			s, err := Open(context.Background(), "esdb://"+at.address+"?tls=false", Options{Logger: discardLogger})
			if err != nil {
				epochs <- err.Error()
				return
			}
			defer s.Close()
			epochs <- s.Epoch()
		}()
	}
	first := <-epochs
	if _, err := events.ParseID(first); err != nil {
		t.Fatalf("epoch = %q, want an id: %v", first, err)
	}
	for range n - 1 {
		if other := <-epochs; other != first {
			t.Errorf("epochs of concurrent openers = %s and %s, want the same", first, other)
		}
	}
	s := connect(t, at.address)
	defer s.Close()
	if s.Epoch() != first {
		t.Errorf("epoch = %s, want %s as before", s.Epoch(), first)
	}
	if all, err := s.ReadAll(t.Context(), 0, events.Forward, 10); err != nil || len(all) != 0 {
		t.Errorf("an empty log has %d events, %v, want 0", len(all), err)
	}
}

// TestEpochOfAForeignLog: for the log of another program, a reader derives the epoch from the
// first event.
func TestEpochOfAForeignLog(t *testing.T) {
	log := openLog(t, t.TempDir())
	at := serve(t, log, "127.0.0.1:0", esdbwire.Config{}) // not writable
	defer at.stop(t)
	batch := sampleBatch("product-1", 2)
	if _, err := log.Append(t.Context(), "product-1", events.NoStream, batch); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "esdb://"+at.address+"?tls=false",
		Options{Logger: discardLogger}); !errors.Is(err, ErrRefused) {
		t.Errorf("opening for writing: %v, want ErrRefused", err)
	}
	s, err := Open(t.Context(), "esdb://"+at.address+"?tls=false", Options{Logger: discardLogger, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if want := "first-" + batch[0].ID.String(); s.Epoch() != want {
		t.Errorf("epoch %q, want %q", s.Epoch(), want)
	}
	checkEqual(t, collect(t, s, 0, 2), []events.Recorded{{Event: batch[0], Position: 1}, {Event: batch[1], Position: 2}})
}
