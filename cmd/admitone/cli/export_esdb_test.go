package cli

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/esdb"
)

// sell makes sales, alongside another program's events if the log is shared, kills the servers, and
// returns the newest head, which covers all of the sales.
func (a *audited) sell() (head string) {
	t := a.t
	t.Helper()
	at := a.last()
	a.post(at.url+"/v1/products", fmt.Sprintf(`{"id":%q,"name":"P","stock":100000}`, a.product))
	for n := range 5 {
		if a.shared {
			stream := events.StreamID("order-" + a.product)
			theirs := []events.Event{{ID: events.EventID(string(stream), n), Type: "OrderPlaced", Data: []byte("\x00not JSON")}}
			if _, err := storeAt(t, a.store).Append(t.Context(), stream, events.Revision(n-1), theirs); err != nil {
				t.Fatal(err)
			}
		}
		a.buy(at, "eve")
	}
	one := fmt.Sprintf(`,{"method":"POST","path":"/v1/products/%s/reservations","body":{"holder":"bob"}}`, a.product)
	for range 15 {
		a.post(at.url+"/v1/batch", `{"commands":[`+strings.Repeat(one, 100)[1:]+`]}`)
	}
	late := a.buy(at, "ann")
	a.get(at, late+"/receipt")
	text := a.get(at, "/v1/log/head")
	for _, p := range a.servers {
		p.kill()
	}
	return decode[logHead](t, text).Note
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

// TestExportOnEachStore: the export of a log is imported into a directory and into another EventStoreDB.
// The exported log may be in an EventStoreDB, with other programs' events and so with gaps between the
// positions.
func TestExportOnEachStore(t *testing.T) {
	for kind, open := range auditedLogs {
		t.Run(kind, func(t *testing.T) { exportAndImport(t, open(t)) })
	}
}

func exportAndImport(t *testing.T, a *audited) {
	head := a.sell()
	lines := strings.Split(head, "\n")
	size, root := lines[1], lines[2]
	file, dir := filepath.Join(t.TempDir(), "log.jsonl.gz"), t.TempDir()
	stdout, _ := must(t, exitDone, "export", file, "--store", a.store)
	if !strings.Contains(stdout, "has the "+size+" events of ") || !strings.Contains(stdout, root) {
		t.Errorf("export printed %s; want %q and the root %q", stdout, "has the "+size+" events of ", root)
	}
	plain, _ := must(t, exitDone, "export", "-", "--store", a.store)
	if strings.Contains(plain, "OrderPlaced") || a.dir != "" && strings.Contains(plain, `"position":1,`) {
		t.Error("the export has another program's events, or the positions of the store's directory; want neither")
	}
	for range 2 { // the second time there is nothing left to do
		if stdout, _ := must(t, exitDone, "import", file, "--store", dir); !strings.Contains(stdout,
			dir+" holds the "+size+" events of ") || !strings.Contains(stdout, root) {
			t.Errorf("stdout %q; want %q and %q", stdout, dir+" holds the "+size+" events of ", root)
		}
	}
	if v := runVerify(t, exitDone, "--store", dir); fmt.Sprint(v.Events) != size || fmt.Sprint(v.Head) != size {
		t.Errorf("verify: %d events and head %v; want %s of both", v.Events, v.Head, size)
	}
	log := openLogIn(t, dir)
	defer log.Close()
	if a.shared {
		compareLogs(t, log, storeAt(t, a.store))
	} else {
		there := openLogIn(t, a.store)
		compareLogs(t, log, there)
		if err := there.Close(); err != nil {
			t.Fatal(err)
		}
	}

	// Into another EventStoreDB: first a truncated file, then the whole, then the log of the
	// directory.
	other := newEventStore(t)
	cut := write(t, "cut.jsonl", plain[:len(plain)*3/4])
	must(t, exitProblemsFound, "import", cut, "--store", other.address())
	for range 2 {
		if stdout, _ := must(t, exitDone, "import", file, "--store", other.address()); !strings.Contains(stdout,
			" holds the "+size+" events of ") {
			t.Errorf("stdout %q; want %q", stdout, " holds the "+size+" events of ")
		}
	}
	if _, stderr := must(t, exitUsage, "import", write(t, "short.jsonl", string(exportedLog(t, 3))), "--store",
		other.address()); !strings.Contains(stderr, "is not a prefix of") {
		t.Errorf("stderr %q; want %q", stderr, "is not a prefix of")
	}
	compareLogs(t, log, storeAt(t, other.address()))
	runVerify(t, exitDone, "--store", other.address())
}

// compareLogs fails the test if the own facts of two logs, or their metadata, differ.
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
		t.Fatalf("the logs have %d and %d events, want equal numbers, not 0", len(left), len(right))
	}
	for i := range left {
		if !sameFact(&left[i], &right[i]) || !bytes.Equal(left[i].Metadata, right[i].Metadata) {
			t.Fatalf("event %d: %+v and %+v; want equal facts", i, left[i], right[i])
		}
	}
}

// TestImportOfDirectory: the export of a log in a directory is imported into an EventStoreDB.
func TestImportOfDirectory(t *testing.T) {
	dir, s := soldLog(t, 100), newEventStore(t)
	file := filepath.Join(t.TempDir(), "log.jsonl")
	must(t, exitDone, "export", file, "--store", dir)
	must(t, exitDone, "import", file, "--store", s.address())
	log := openLogIn(t, dir)
	defer log.Close()
	compareLogs(t, log, storeAt(t, s.address()))
	runVerify(t, exitDone, "--store", s.address())
}
