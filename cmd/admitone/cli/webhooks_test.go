package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"admitone/api/webhooks/webhooktest"
	"admitone/events"
	"admitone/events/embedded"
)

// hookFlags permit webhooks to this machine, and shorten the delays of retries.
var hookFlags = []string{"--webhook-allow-private", "--webhook-faster=1000"}

// sellMore sells units of several products in one batch.
func sellMore(t *testing.T, client *http.Client, url string, round, products, units int) {
	t.Helper()
	commands := make([]string, units)
	for i := range commands {
		commands[i] = fmt.Sprintf(`{"method":"POST","path":"/v1/products/p%d/reservations","body":{"holder":"h"}}`, i%products)
	}
	body := `{"commands":[` + strings.Join(commands, ",") + `]}`
	if status, answer, err := post(client, url+"/v1/batch", body, ""); status != http.StatusOK || err != nil {
		t.Fatalf("the batch of round %d: %d %s, %v; want status 200", round, status, answer, err)
	}
}

// createWebhook creates products and a webhook to an address, and returns the secret of the webhook.
func createWebhook(t *testing.T, client *http.Client, url, to string, products int) string {
	t.Helper()
	for p := range products {
		if _, _, err := post(client, url+"/v1/products", fmt.Sprintf(`{"id":"p%d","name":"P","stock":1000000}`, p), ""); err != nil {
			t.Fatal(err)
		}
	}
	_, answer, err := post(client, url+"/v1/webhooks", fmt.Sprintf(`{"id":"w","url":%q}`, to), "")
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := decode[map[string]any](t, answer)["secret"].(string)
	return secret
}

// reservations returns the events of reservations in the log in a directory.
func reservations(t *testing.T, store string) (all []events.Recorded) {
	t.Helper()
	log, err := embedded.Open(store, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for e, err := range events.All(context.Background(), log, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == "product.reserved.v1" {
			all = append(all, e)
		}
	}
	return all
}

// TestKill9DuringDeliveries kills the server while it delivers to a receiver that fails every fifth time. Each
// event is delivered, signed, and in the order of its stream.
func TestKill9DuringDeliveries(t *testing.T) {
	t.Parallel()
	const products, units = 25, 200
	receiver := webhooktest.NewReceiver(t, func(_ http.ResponseWriter, n int, _ *webhooktest.Delivery) int {
		time.Sleep(2 * time.Millisecond)
		if n%5 == 0 {
			return http.StatusBadGateway
		}
		return http.StatusOK
	})
	store, client, secret, rounds := t.TempDir(), &http.Client{Timeout: patience}, "", killCount(5)
	for round := range rounds {
		p := launch(t, store, hookFlags...)
		if round == 0 {
			secret = createWebhook(t, client, p.url, receiver.URL(), products)
		}
		sellMore(t, client, p.url, round, products, units)
		receiver.Await(units*round+units/2, patience)
		p.kill()
		client.CloseIdleConnections()
	}
	p := launch(t, store, hookFlags...)
	receiver.Await(units*rounds, patience)
	p.cmd.Process.Signal(os.Interrupt)
	p.wait()
	want := reservations(t, store)
	if len(want) != units*rounds {
		t.Errorf("the log has %d reservations, want %d", len(want), units*rounds)
	}
	receiver.CheckOrder(want)
	webhooktest.Verify(t, secret, receiver.All())
	if status := Run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
	t.Logf("%d deliveries of %d events, through %d kills", len(receiver.All()), len(want), rounds)
}

// TestTwoServersDeliver: of two servers on one log, one delivers, and the other takes over when that one is
// killed. Nothing is delivered twice while both run, and nothing is lost.
func TestTwoServersDeliver(t *testing.T) {
	t.Parallel()
	const products, units = 5, 50
	log := newEventStore(t)
	key := filepath.Join(t.TempDir(), "webhooks.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", 44)), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--webhooks-key-file", key}, hookFlags...)
	servers := []*serverProcess{serveOn(t, log.address(), args...), serveOn(t, log.address(), args...)}
	receiver, client := webhooktest.NewReceiver(t, nil), &http.Client{Timeout: patience}
	secret := createWebhook(t, client, servers[0].url, receiver.URL(), products)
	sellMore(t, client, servers[1].url, 1, products, units)
	receiver.Await(units, patience)
	time.Sleep(2 * time.Second) // the other server would take over after one second if it found that deliveries are due
	if n := len(receiver.All()); n != units {
		t.Errorf("%d deliveries, want %d", n, units)
	}
	historyText := decode[map[string]any](t, servers[0].must(200, "GET", "/v1/history/webhook/w", ""))
	first := strings.Contains(fmt.Sprint(historyText["items"]), strings.TrimPrefix(servers[0].url, "http://127.0.0.1:")+" does the work")
	working, other := servers[0], servers[1]
	if !first {
		working, other = servers[1], servers[0]
	}
	working.kill()
	client.CloseIdleConnections()
	sellMore(t, client, other.url, 2, products, units)
	receiver.Await(2*units, patience)
	webhooktest.Verify(t, secret, receiver.All())
	historyText = decode[map[string]any](t, other.must(200, "GET", "/v1/history/webhook/w", ""))
	if text := fmt.Sprint(historyText["items"]); strings.Count(text, "does the work") != 2 || !strings.Contains(text, "term 2") {
		t.Errorf("the history of the webhook: %s; want two servers in turn, the second in term 2", text)
	}
}

// TestAnotherWebhooksKey: a server with another webhooks key makes no deliveries, since the receiver would
// reject their signatures. When the webhook gets a new secret, the server delivers everything.
func TestAnotherWebhooksKey(t *testing.T) {
	t.Parallel()
	store, client := t.TempDir(), &http.Client{Timeout: patience}
	receiver := webhooktest.NewReceiver(t, nil)
	p := launch(t, store, hookFlags...)
	createWebhook(t, client, p.url, receiver.URL(), 2)
	p.kill()
	if err := os.Remove(filepath.Join(store, "webhooks.key")); err != nil {
		t.Fatal(err)
	}
	p = launch(t, store, hookFlags...)
	sellMore(t, client, p.url, 1, 2, 10)
	for end := time.Now().Add(patience); !strings.Contains(p.stderr.String(), "nothing is delivered"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the server did not warn that nothing is delivered: %s", p.stderr)
		}
	}
	if n := len(receiver.All()); n > 0 {
		t.Errorf("%d deliveries with a different key, want 0", n)
	}
	_, answer, err := post(client, p.url+"/v1/webhooks/w/secret", "{}", "")
	if err != nil {
		t.Fatal(err)
	}
	receiver.Await(10, patience)
	webhooktest.Verify(t, decode[map[string]any](t, answer)["secret"].(string), receiver.All())
}

// TestWebhooksKey: the file of the webhooks key is created with access for its owner and group only, and a file
// with a short key is refused.
func TestWebhooksKey(t *testing.T) {
	store, named := t.TempDir(), filepath.Join(t.TempDir(), "named")
	for file, args := range map[string][]string{
		filepath.Join(store, "webhooks.key"): nil, named: {"--webhooks-key-file", named},
	} {
		launch(t, store, args...).kill()
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode of %s = %v, %v; want 0640", file, info, err)
		}
	}
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr := must(t, exitUsage, "serve", "--listen", "127.0.0.1:0", "--store", t.TempDir(), "--webhooks-key-file",
		short); !strings.Contains(stderr, "at least 32 bytes") {
		t.Errorf("stderr %q; want %q", stderr, "at least 32 bytes")
	}
}
