package cli

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/esdb"
)

// soldOn sells on a server with an EventStoreDB that another program uses too, and returns its
// newest head, which covers all events.
func soldOn(t *testing.T, s *eventStore) (head string) {
	t.Helper()
	a := &audited{t: t, store: s.address(), product: "p"}
	a.servers = []*process{launch(t, s.address(), "--data", t.TempDir(), "--sign-every", "100ms")}
	a.post(a.servers[0].url+"/v1/products", `{"id":"p","name":"P","stock":100}`)
	store := storeAt(t, s.address())
	for n := range 5 {
		theirs := []events.Event{{ID: events.EventID("theirs", n), Type: "OrderPlaced", Data: []byte("\x00no JSON")}}
		if _, err := store.Append(t.Context(), "order-1", events.Revision(n-1), theirs); err != nil {
			t.Fatal(err)
		}
		a.buy(a.servers[0], "eve")
	}
	pour(t, store, "big", 1500)
	late := a.buy(a.servers[0], "ann")
	a.get(a.servers[0], late+"/receipt")
	text := a.get(a.servers[0], "/v1/log/head")
	a.servers[0].kill()
	return decoded[logHead](t, text).Note
}

func storeAt(t *testing.T, address string) *esdb.Store {
	t.Helper()
	store, err := server.Connect(t.Context(), address, esdb.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// TestExportOfEventStoreDB: the export of an EventStoreDB, with gaps between the positions and
// other programs' events, becomes a log in a directory, and in another EventStoreDB.
func TestExportOfEventStoreDB(t *testing.T) {
	s := newEventStore(t)
	head := soldOn(t, s)
	root := strings.Split(head, "\n")[2]
	file, dir := filepath.Join(t.TempDir(), "log.jsonl.gz"), t.TempDir()
	stdout, _ := must(t, exitDone, "export", file, "--store", s.address())
	if !strings.Contains(stdout, "has the 1509 events of ") || !strings.Contains(stdout, root) {
		t.Errorf("%s\nthe head is\n%s", stdout, head)
	}
	plain, _ := must(t, exitDone, "export", "-", "--store", s.address())
	if strings.Contains(plain, "OrderPlaced") || strings.Contains(plain, `"position":1,`) {
		t.Error("it has the events of another program, or other positions")
	}
	for range 2 { // the second time there is nothing left to do
		if stdout, _ := must(t, exitDone, "import", file, "--store", dir); !strings.Contains(stdout,
			dir+" holds the 1509 events of ") || !strings.Contains(stdout, root) {
			t.Error(stdout)
		}
	}
	if v := verified(t, exitDone, "--store", dir); v.Events != 1509 || v.Head != 1509 {
		t.Errorf("%+v", v)
	}
	log := openLogIn(t, dir)
	defer log.Close()
	there := storeAt(t, s.address())
	compareLogs(t, log, there)

	// Into another EventStoreDB: first a truncated file, then the whole, then the log of the
	// directory.
	other := newEventStore(t)
	cut := write(t, "cut.jsonl", plain[:len(plain)*3/4])
	must(t, exitFoundWrong, "import", cut, "--store", other.address())
	for range 2 {
		if stdout, _ := must(t, exitDone, "import", file, "--store", other.address()); !strings.Contains(stdout,
			" holds the 1509 events of ") {
			t.Error(stdout)
		}
	}
	if _, stderr := must(t, exitUsage, "import", write(t, "short.jsonl", string(exportedLog(t, 3))), "--store",
		other.address()); !strings.Contains(stderr, "is not a prefix of") {
		t.Error(stderr)
	}
	compareLogs(t, log, storeAt(t, other.address()))
	verified(t, exitDone, "--store", other.address())
}

// compareLogs compares everything that does not depend on the store.
func compareLogs(t *testing.T, a, b events.Store) {
	t.Helper()
	var left, right []events.Recorded
	for e, err := range ownFacts(t.Context(), a, true) {
		if left = append(left, e); err != nil {
			t.Fatal(err)
		}
	}
	for e, err := range ownFacts(t.Context(), b, true) {
		if right = append(right, e); err != nil {
			t.Fatal(err)
		}
	}
	if len(left) != len(right) || len(left) == 0 {
		t.Fatalf("%d and %d events", len(left), len(right))
	}
	for i := range left {
		if !sameFact(&left[i], &right[i]) || !bytes.Equal(left[i].Metadata, right[i].Metadata) {
			t.Fatalf("%+v and %+v", left[i], right[i])
		}
	}
}

// TestImportOfDirectory: the export of a log in a directory goes into an EventStoreDB.
func TestImportOfDirectory(t *testing.T) {
	dir, s := soldLog(t, 100), newEventStore(t)
	file := filepath.Join(t.TempDir(), "log.jsonl")
	must(t, exitDone, "export", file, "--store", dir)
	must(t, exitDone, "import", file, "--store", s.address())
	log := openLogIn(t, dir)
	defer log.Close()
	compareLogs(t, log, storeAt(t, s.address()))
	verified(t, exitDone, "--store", s.address())
}
