package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"admitone/api/webhooks/webhooktest"
	"admitone/events"
)

// appendForeignEvents appends n events of another program to an event store, so that the positions there
// differ from those of a log without them.
func appendForeignEvents(t *testing.T, address string, n int) {
	t.Helper()
	batch := make([]events.Event, n)
	for i := range batch {
		batch[i] = events.Event{ID: events.EventID("theirs", i), Type: "OrderPlaced", Data: []byte("{}")}
	}
	if _, err := storeAt(t, address).Append(t.Context(), "order-1", events.NoStream, batch); err != nil {
		t.Fatal(err)
	}
}

// TestWebhooksInCopies moves a log from an event store into a directory and back, by export and
// import and by migrate. Positions differ in each copy; deliveries resume where they were.
func TestWebhooksInCopies(t *testing.T) {
	t.Parallel()
	const products, units = 3, 20
	key := filepath.Join(t.TempDir(), "webhooks.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", 44)), 0o600); err != nil {
		t.Fatal(err)
	}
	receiver, client := webhooktest.NewReceiver(t, nil), &http.Client{Timeout: patience}
	exportAndImport := func(from, to string) {
		file := filepath.Join(t.TempDir(), "log.jsonl")
		must(t, exitDone, "export", file, "--store", from)
		must(t, exitDone, "import", file, "--store", to)
	}
	migrateLog := func(from, to string) { migrate(t, exitDone, from, to) }
	from := ""
	for n, step := range []struct {
		foreign int                   // events of another program in an event store; -1 for a directory
		copyLog func(from, to string) // nil for the original
	}{{500, nil}, {-1, exportAndImport}, {0, exportAndImport}, {-1, migrateLog}, {0, migrateLog}} {
		to, args := t.TempDir(), append([]string{"--webhooks-key-file", key}, hookFlags...)
		if step.foreign >= 0 {
			to, args = newEventStore(t).address(), append(args, "--data", t.TempDir())
			if step.foreign > 0 {
				appendForeignEvents(t, to, step.foreign)
			}
		}
		if step.copyLog != nil {
			step.copyLog(from, to)
		}
		p := launch(t, to, args...)
		if n == 0 {
			createWebhook(t, client, p.url, receiver.URL(), products)
		}
		sellMore(t, client, p.url, n, products, units)
		receiver.Await((n+1)*units, patience)
		historyText := getBody(t, p.url+"/v1/history/webhook/w")
		if got, want := strings.Contains(historyText, "in this copy of the log"), n > 0; got != want {
			t.Errorf("copy %d: the history names a copy: %v, want %v: %s", n, got, want, historyText)
		}
		time.Sleep(200 * time.Millisecond) // repeated deliveries would have arrived by then
		p.cmd.Process.Signal(os.Interrupt)
		p.wait()
		client.CloseIdleConnections()
		if all := len(receiver.All()); all != (n+1)*units {
			t.Fatalf("copy %d: %d deliveries in total, want %d", n, all, (n+1)*units)
		}
		runVerify(t, exitDone, "--store", to)
		from = to
	}
}
