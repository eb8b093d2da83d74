package webhooks

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors/webhook"
	"admitone/api/webhooks/webhooktest"
	"admitone/events"
)

func testKey(t *testing.T, text string) *Key {
	t.Helper()
	key, err := NewKey([]byte(text + strings.Repeat(".", minKey)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSecrets: secrets are distinct, have 32 bytes, and are the same on every server with the key.
func TestSecrets(t *testing.T) {
	key, same, other := testKey(t, "a"), testKey(t, "a"), testKey(t, "b")
	seen := map[string]bool{}
	for _, secret := range []string{key.Secret("w", 1), key.Secret("w", 2), key.Secret("w1", 1), key.Secret("x", 1),
		other.Secret("w", 1)} {
		bytes, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(bytes) != 32 || seen[secret] {
			t.Errorf("secret %s: %v, %d bytes; want 32 bytes, distinct", secret, err, len(bytes))
		}
		seen[secret] = true
	}
	if same.Secret("w", 1) != key.Secret("w", 1) || same.Fingerprint() != key.Fingerprint() ||
		other.Fingerprint() == key.Fingerprint() {
		t.Error("want the same secret and fingerprint for one key, and other fingerprints for two")
	}
	if _, err := NewKey([]byte("   short\n")); err == nil {
		t.Error("NewKey of a short key: no error, want one")
	}
}

// TestSigning: the previous secret signs until it expires, and secrets of a different key never do.
func TestSigning(t *testing.T) {
	key, lost := testKey(t, "a"), testKey(t, "b")
	now := time.Now()
	received := webhooktest.NewReceiver(t, nil)
	send := func(state *webhook.State) {
		t.Helper()
		secrets, err := key.signing(state, now)
		if err != nil {
			t.Fatal(err)
		}
		if status, err := newSender(true, time.Minute).send(t.Context(), received.URL(), secrets,
			&message{"msg_1", testEvent("msg_1", "w", now)}); status != 204 || err != nil {
			t.Errorf("send = %d, %v; want 204", status, err)
		}
	}
	secret := func(number int64, key *Key, until time.Time) webhook.Secret {
		return webhook.Secret{WebhookSecret: events.WebhookSecret{Number: number, Key: key.Fingerprint()}, Until: until}
	}
	send(&webhook.State{ID: "w", Secrets: []webhook.Secret{secret(1, key, time.Time{})}})
	send(&webhook.State{ID: "w", Secrets: []webhook.Secret{secret(1, key, now.Add(time.Second)),
		secret(2, key, time.Time{})}})
	send(&webhook.State{ID: "w", Secrets: []webhook.Secret{secret(1, key, now), secret(2, key, time.Time{})}})
	send(&webhook.State{ID: "w", Secrets: []webhook.Secret{secret(1, lost, now.Add(time.Second)), secret(2, key, time.Time{})}})
	all := received.All()
	for _, test := range []struct {
		delivery, number int
		valid            bool
	}{{0, 1, true}, {0, 2, false}, {1, 1, true}, {1, 2, true}, {2, 1, false}, {2, 2, true}, {3, 1, false}, {3, 2, true}} {
		check := webhooktest.VerifyForged
		if test.valid {
			check = webhooktest.Verify
		}
		check(t, key.Secret("w", int64(test.number)), all[test.delivery:test.delivery+1])
	}
	_, err := key.signing(&webhook.State{ID: "w", Secrets: []webhook.Secret{secret(1, lost, time.Time{})}}, now)
	if !errors.Is(err, errOtherKey) {
		t.Errorf("the newest secret has a different key: error %v, want %v", err, errOtherKey)
	}
}

// TestSend: the results for the possible behaviours of a receiver.
func TestSend(t *testing.T) {
	hanging := make(chan struct{})
	var redirected, proxied bool
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { redirected = true }))
	defer private.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied = true }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	var endless atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, private.URL, http.StatusTemporaryRedirect)
		case "/hang":
			select {
			case <-hanging:
			case <-r.Context().Done():
			}
		case "/endless":
			n, _ := io.Copy(w, io.LimitReader(zeros{}, 1<<30))
			endless.Add(n)
		case "/secret":
			http.Error(w, "a secret", http.StatusTeapot)
		}
	}))
	defer receiver.Close()
	defer close(hanging)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	secure.Config.ErrorLog = nil
	sender := newSender(true, 3*time.Second)
	defer sender.close()
	for _, test := range []struct {
		url    string
		status int
		want   string
	}{
		{receiver.URL + "/", 200, ""},
		{receiver.URL + "/redirect", 307, "it answered 307, and redirects are not followed"},
		{receiver.URL + "/hang", 0, "it did not answer within 3s"},
		{receiver.URL + "/endless", 200, ""},
		{receiver.URL + "/secret", 418, "it answered 418"},
		{"http://" + closed.Addr().String(), 0, "it refused the connection"},
		{secure.URL, 0, "its certificate is not valid for it"},
		{"http://name.invalid/", 0, "its name can't be resolved"},
		{"http://169.254.169.254/", 0, "its address is not public"},
	} {
		status, err := sender.send(t.Context(), test.url, nil, &message{"id", []byte("{}")})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if status != test.status || got != test.want {
			t.Errorf("send to %s = %d, %q; want %d, %q", test.url, status, got, test.status, test.want)
		}
	}
	if redirected || proxied {
		t.Errorf("redirect followed = %t, proxy used = %t; want neither", redirected, proxied)
	}
	if endless.Load() > 64<<20 {
		t.Errorf("%d bytes of an endless answer were sent, want at most %d", endless.Load(), 64<<20)
	}
	// The address is checked when the connection is made, after resolving the name.
	public := newSender(false, time.Second)
	defer public.close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(receiver.URL, "http://"))
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		status, err := public.send(t.Context(), "http://"+host+":"+port+"/", nil, &message{"id", nil})
		if status != 0 || !errors.Is(err, errNotAllowed) {
			t.Errorf("send to %s = %d, %v; want %v", host, status, err, errNotAllowed)
		}
	}
}

// zeros is an endless reader.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestDeliveryIsTheEvent: the body is the CloudEvent, with its position, and the id is the event's.
func TestDeliveryIsTheEvent(t *testing.T) {
	received := webhooktest.NewReceiver(t, nil)
	key := testKey(t, "a")
	fact := &events.TeamRegistered{TeamID: "t", DisplayName: "T"}
	e := &events.Recorded{Event: events.Event{ID: events.EventID("c", 0), Type: fact.Name(), Data: events.AppendFact(nil, fact)},
		Stream: "team-t", Position: 41, Created: time.Now()}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, e.Stream, 0, &e.Event, &events.Metadata{CommandID: "c", At: time.Now()})
	work := &delivery{sender: newSender(true, time.Minute), key: key, state: &webhook.State{ID: "w",
		Settings: events.WebhookSettings{URL: received.URL()},
		Secrets:  []webhook.Secret{{WebhookSecret: events.WebhookSecret{Number: 1, Key: key.Fingerprint()}}}}}
	if err := work.Do(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	got := received.All()[0]
	if got.ID() != e.ID.String() || !bytes.Equal(got.Body, events.AppendCloudEvent(nil, e)) || got.Event.Position != 41 ||
		got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("delivered %v %s, want the CloudEvent of %s at 41", got.Header, got.Body, e.ID)
	}
	webhooktest.Verify(t, key.Secret("w", 1), received.All())
}
