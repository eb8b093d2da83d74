package esdbwire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	features "github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc/metadata"
)

// certificate creates a self-signed certificate for 127.0.0.1, and a file with it.
func certificate(t testing.TB) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}, file
}

// readOnly attempts writes that require a writable server.
func readOnly(s *transcript) {
	s.append("a", "any", "a1")
	s.append("$$a", "any", "a1")
	s.append("a", "any")
	s.delete("a", "any")
	s.tombstone("a", "any")
	b := s.batch()
	b.one("r1", "a", "any", "a1")
	b.one("r2", "a", "any", "a2")
	s.read("a", "start")
	s.read(allName, "start")
}

func TestReadOnly(t *testing.T) {
	store := newMemlog()
	address, _ := serve(t, store, Config{})
	s := newTranscript(t, dial(t, address))
	readOnly(s)
	compare(t, "read-only", s.transcript())
	if head, err := store.Head(t.Context()); head != 0 || err != nil {
		t.Errorf("the log's head is %d (%v), want 0", head, err)
	}
}

// TestRefusedAppendsHaveAReason: a client whose append is refused while it sends gets the reason rather
// than a broken stream.
func TestRefusedAppendsHaveAReason(t *testing.T) {
	address, _ := serve(t, newMemlog(), Config{})
	client := official(t, "esdb://%s?tls=false", address)
	batch := make([]esdb.EventData, 200)
	for i := range batch {
		batch[i] = esdb.EventData{EventType: "made", Data: make([]byte, 4000)}
	}
	for range 20 {
		_, err := client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, batch...)
		var failed *esdb.Error
		if !errors.As(err, &failed) || failed.Code() != esdb.ErrorCodeAccessDenied {
			t.Fatalf("append as a reader: %v, want AccessDenied", err)
		}
	}
}

// TestUsers checks authentication and permissions with the raw stubs.
func TestUsers(t *testing.T) {
	address, _ := serve(t, newMemlog(), Config{Writable: true, Users: map[string]User{
		"node": {Password: "a:b"}, "audit": {Password: "", Reader: true}, "odd": {Password: "pä ß"},
	}})
	connection := dial(t, address)
	s := newTranscript(t, connection)
	as := func(caller, credentials string) {
		s.ctx = testContext(t)
		if credentials != "" {
			s.ctx = metadata.AppendToOutgoingContext(s.ctx, "authorization", credentials)
		}
		s.write("%s", caller)
		s.append("a", "any", caller)
		s.delete("b", "any")
		s.read("a", "end", "backward", "x1")
		s.subscribe(allName, "end").until("caught up")
		b := s.batch()
		b.one("r", "c", "any", caller)
	}
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	as("nobody", "")
	as("node", basic("node:a:b"))
	as("node in lower case", "basic "+basic("node:a:b")[6:])
	as("node with a wrong password", basic("node:a"))
	as("audit", basic("audit:"))
	as("odd", basic("odd:pä ß"))
	as("somebody else", basic("eve:a:b"))
	as("somebody else without a password", basic("eve:"))
	as("no name", basic("node"))
	as("no base64", "Basic %%%")
	as("a token", "Bearer "+basic("node:a:b")[6:])
	compare(t, "users", s.transcript())

	// Clients send no credentials with these two.
	if _, err := features.NewServerFeaturesClient(connection).GetSupportedMethods(testContext(t),
		&shared.Empty{}); err != nil {
		t.Error(err)
	}
	if _, err := gossip.NewGossipClient(connection).Read(testContext(t), &shared.Empty{}); err != nil {
		t.Error(err)
	}
}

// TestTLS: the official client connects over TLS, with or without gossip, as different users;
// connections without TLS are refused.
func TestTLS(t *testing.T) {
	config, ca := certificate(t)
	address, _ := serve(t, newMemlog(), Config{Writable: true, TLS: config, Users: map[string]User{
		"node": {Password: "secret"}, "audit": {Password: "secret", Reader: true},
	}})
	event := esdb.EventData{EventType: "made", ContentType: esdb.ContentTypeJson, Data: []byte("{}")}
	write := func(credentials string) error {
		client := official(t, "%s%s?tlsCAFile=%s", credentials, address, ca)
		_, err := client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event)
		return err
	}
	read := func(credentials string) error {
		client := official(t, "%s%s?tlsCAFile=%s", credentials, address, ca)
		stream, err := client.ReadStream(testContext(t), "a", esdb.ReadStreamOptions{}, 10)
		if err == nil {
			defer stream.Close()
			_, err = stream.Recv()
		}
		return err
	}
	for _, test := range []struct {
		credentials string
		call        func(string) error
		want        esdb.ErrorCode
	}{
		{"esdb://node:secret@", write, -1},
		{"esdb+discover://node:secret@", write, -1},
		{"esdb://audit:secret@", write, esdb.ErrorCodeAccessDenied},
		{"esdb://audit:secret@", read, -1},
		{"esdb+discover://audit:secret@", read, -1},
		{"esdb://", read, esdb.ErrorCodeAccessDenied},
		{"esdb://node:guess@", read, esdb.ErrorCodeUnauthenticated},
	} {
		err := test.call(test.credentials)
		var failed *esdb.Error
		if got := errors.As(err, &failed); got != (test.want >= 0) || got && failed.Code() != test.want {
			t.Errorf("%s: %v, want code %d", test.credentials, err, test.want)
		}
	}
	plain := official(t, "esdb://%s?tls=false&maxDiscoverAttempts=1", address)
	if _, err := plain.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, event); err == nil {
		t.Error("a client appended without TLS; want an error")
	}
}
