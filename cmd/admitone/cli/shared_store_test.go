package cli

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/events/esdb"
	"admitone/events/storetest/stores"
)

// TestStoreSharedWithOtherPrograms: servers and verify work on a log to which other programs write as well, in
// categories of their own and in one of admitone's, on admitone eventstore and on a real EventStoreDB.
func TestStoreSharedWithOtherPrograms(t *testing.T) {
	t.Run("eventstore", func(t *testing.T) { shareStore(t, newEventStore(t).address()) })
	t.Run("EventStoreDB", func(t *testing.T) { shareStore(t, stores.Real(t)) })
}

func shareStore(t *testing.T, address string) {
	store := connectTo(t, address, esdb.Options{})
	run := events.EventID(t.Name()+time.Now().String(), 0).String()
	appendForeign := func(stream events.StreamID, revision events.Revision) {
		t.Helper()
		e := events.Event{ID: events.EventID(string(stream), int(revision)), Type: "ItemPicked", Data: []byte(`{"shelf":7}`),
			Metadata: []byte(`{"$correlationId":"x"}`)}
		if _, err := store.Append(t.Context(), stream, revision-1, []events.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	for revision := range events.Revision(3) {
		appendForeign(events.StreamID("order-"+run), revision)
		appendForeign(events.StreamID("product-theirs"+run), revision)
	}
	node := launch(t, address, "--data", t.TempDir())
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	sell := func(id string) {
		t.Helper()
		for _, request := range []string{"/v1/products|" + `{"id":"` + id + `","name":"P","stock":10}`,
			"/v1/products/" + id + "/reservations|" + `{"holder":"ann"}`} {
			path, body, _ := strings.Cut(request, "|")
			if status, _, err := post(client, node.url+path, body, ""); err != nil || status != http.StatusCreated {
				t.Fatalf("POST %s: status %d, %v; want 201", path, status, err)
			}
		}
	}
	sell("a" + run)
	appendForeign(events.StreamID("order-"+run), 3)
	sell("b" + run)
	v := runVerify(t, exitDone, "--store", address)
	counted := map[string]uint64{}
	for _, f := range v.Foreign {
		counted[f.Category] = f.Events
	}
	if counted["order"] < 4 || counted["product"] < 3 || v.Streams < 2 {
		t.Errorf("verify: %+v; want at least 4 foreign events of order, 3 of product, and 2 streams", v)
	}
	if stdout, _ := must(t, exitDone, "verify", "--store", address); !strings.Contains(stdout, `of the category "order"`) ||
		!strings.HasSuffix(stdout, "nothing is wrong\n") {
		t.Errorf("stdout %q; want %q, and %q at the end", stdout, `of the category "order"`, "nothing is wrong\n")
	}
	if !strings.Contains(node.stderr.String(), "streams of other programs") {
		t.Errorf("the server's output: %s; want %q", node.stderr, "streams of other programs")
	}
	if strings.Contains(address, "127.0.0.1") && os.Getenv(stores.Variable) != address {
		appendLaterVersion(t, store, node, address)
	}
}

// appendLaterVersion appends an event of admitone that this version does not know, upon which the server must
// stop. The event stays in the log.
func appendLaterVersion(t *testing.T, store *esdb.Store, node *process, address string) {
	e := events.Event{ID: events.EventID("later", 0), Type: "locker.held.v1", Data: []byte("{}")}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, "locker-1", 0, &e, &events.Metadata{CommandID: "later"})
	if _, err := store.Append(t.Context(), "locker-1", events.NoStream, []events.Event{e}); err != nil {
		t.Fatal(err)
	}
	node.wait()
	if code := node.cmd.ProcessState.ExitCode(); code != exitUnavailable ||
		!strings.Contains(node.stderr.String(), "locker-1@0") {
		t.Errorf("status = %d, want %d and locker-1@0 named: %s", code, exitUnavailable, node.stderr)
	}
	if v := runVerify(t, exitProblemsFound, "--store", address); v.Violation == nil || v.Violation.Stream != "locker-1" {
		t.Errorf("verify: %+v; want a violation in the stream locker-1", v)
	}
}
