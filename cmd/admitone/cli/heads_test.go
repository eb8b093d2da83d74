package cli

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/esdb"
	"admitone/events/merkle"
	"admitone/events/storetest/stores"
)

// audited is a log and the servers on it, each in a separate process.
type audited struct {
	t       *testing.T
	store   string
	servers []*process
	product string
	shared  bool // the log may have several servers, and events of others
	// dir is the directory of a log that an eventstore serves at store.
	dir   string
	close func()
}

// auditedLogs are the kinds of logs that the auditing tools support.
var auditedLogs = map[string]func(t *testing.T) *audited{
	"embedded": func(t *testing.T) *audited {
		dir := t.TempDir()
		a := &audited{t: t, store: dir, product: "p", close: func() {}}
		a.servers = []*process{launch(t, dir, "--sign-every", "300ms")}
		return a
	},
	"esdb": func(t *testing.T) *audited {
		s := newEventStore(t)
		a := &audited{t: t, store: s.address(), product: "p", dir: s.dir, close: s.kill}
		a.launchTwo(filepath.Join(t.TempDir(), "head.key"))
		return a
	},
	// The events of a run stay in the store, and all runs have one key.
	"EventStoreDB": func(t *testing.T) *audited {
		a := &audited{t: t, store: stores.Real(t), product: "p" + strings.ToLower(rand.Text()), close: func() {}}
		a.launchTwo(filepath.Join(os.TempDir(), "admitone-test-head.key"))
		return a
	},
}

// launchTwo starts two servers with one key.
func (a *audited) launchTwo(key string) {
	a.t.Helper()
	a.shared = true
	for range 2 {
		a.servers = append(a.servers, launch(a.t, a.store, "--data", a.t.TempDir(), "--head-key-file", key,
			"--sign-every", "300ms"))
	}
}

// last is the last server.
func (a *audited) last() *process { return a.servers[len(a.servers)-1] }

func (a *audited) post(url, body string) (answer map[string]any) {
	a.t.Helper()
	status, text, err := post(http.DefaultClient, url, body, "")
	if err != nil || status/100 != 2 || json.Unmarshal([]byte(text), &answer) != nil {
		a.t.Fatalf("%s: %d %s, %v", url, status, text, err)
	}
	return answer
}

// buy buys a unit at a server, and returns the path of the reservation.
func (a *audited) buy(at *process, holder string) string {
	a.t.Helper()
	path := "/v1/products/" + a.product + "/reservations"
	answer := a.post(at.url+path, fmt.Sprintf(`{"holder":%q}`, holder))
	return path + "/" + answer["id"].(string)
}

// get returns an answer; after 503 it retries, as Retry-After says.
func (a *audited) get(at *process, path string) string {
	a.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		status, header, text := (&serverProcess{process: at, t: a.t}).ask("GET", path, "")
		if status == http.StatusOK {
			return text
		}
		if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || time.Now().After(end) {
			a.t.Fatalf("%s: %d %s", path, status, text)
		}
	}
}

// signer returns the server that signed the newest head, and the term.
func (a *audited) signer() (found *process, term int64) {
	a.t.Helper()
	store, err := server.Connect(
		a.t.Context(),
		a.store,
		esdb.Options{ReadOnly: true, Logger: slog.New(slog.DiscardHandler)},
	)
	if err != nil {
		a.t.Fatal(err)
	}
	defer store.Close()
	page, err := store.Read(a.t.Context(), events.HeadsStream, events.EndRevision, events.Backward, 1)
	if err != nil || len(page) != 1 {
		a.t.Fatalf("%d heads, %v; want 1", len(page), err)
	}
	var newest struct {
		Term int64
		Node string
	}
	if err := json.Unmarshal(page[0].Data, &newest); err != nil {
		a.t.Fatal(err)
	}
	for _, p := range a.servers {
		if _, port, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":"); strings.HasSuffix(newest.Node, ":"+port) {
			found = p
		}
	}
	return found, newest.Term
}

// TestAuditorsTools: head, receipt, offline check and verify --against, while the log grows and, if
// several servers share it, the signing one is killed.
func TestAuditorsTools(t *testing.T) {
	for kind, open := range auditedLogs {
		t.Run(kind, func(t *testing.T) {
			a := open(t)
			a.post(a.servers[0].url+"/v1/products", fmt.Sprintf(`{"id":%q,"name":"P","stock":100000}`, a.product))
			first := a.buy(a.servers[0], "eve")
			receipts := map[string]string{"the first": a.get(a.last(), first+"/receipt")}
			key, _ := must(t, exitDone, "receipt", "key", "--url", a.last().url)
			keyFile := write(t, "log.key", key)
			note, _ := must(t, exitDone, "head", "--url", a.last().url)
			head := write(t, "monday.head", note)

			survivor, stop := a.last(), a.crowd()
			if len(a.servers) > 1 {
				survivor = a.killSigner()
			}
			late := a.buy(survivor, "ann")
			receipts["a late one"] = a.get(survivor, late+"/receipt")
			stop()
			for name, text := range receipts {
				file := write(t, "receipt.json", text)
				if stdout, _ := must(t, exitDone, "receipt", "check", file, "--key", keyFile); !strings.HasPrefix(stdout,
					"good: position ") {
					t.Errorf("%v, %v; want %q first", name, stdout, "good: position ")
				}
				forged := write(t, "forged.json", strings.Replace(text, `"quantity":1`, `"quantity":9`, 1))
				must(t, exitProblemsFound, "receipt", "check", forged, "--key", keyFile)
				if v := runVerify(t, exitDone, "--url", survivor.url, "--against", file); v.Heads != 1 {
					t.Errorf("%s, through the server: %+v; want Heads = 1", name, v)
				}
			}
			a.verifyAtRest(head, keyFile, key, receipts)
		})
	}
}

// crowd buys at all servers that answer, until stop is called.
func (a *audited) crowd() (stop func()) {
	var buyers sync.WaitGroup
	ended := make(chan struct{})
	for n := range 2 {
		buyers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-ended:
					return
				default:
				}
				// One of the servers is killed.
				_, _, _ = post(http.DefaultClient, a.servers[i%len(a.servers)].url+"/v1/products/"+a.product+"/reservations",
					fmt.Sprintf(`{"holder":"h-%d-%d"}`, n, i), "")
				time.Sleep(3 * time.Millisecond)
			}
		})
	}
	return func() { close(ended); buyers.Wait() }
}

// killSigner kills the server that signs, and waits until the other does.
func (a *audited) killSigner() (survivor *process) {
	a.t.Helper()
	dead, before := a.signer()
	if dead == nil {
		a.t.Fatal("no server has signed a head")
	}
	dead.kill()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		now, term := a.signer()
		if term > before {
			if now == dead || now == nil || term != before+1 {
				a.t.Errorf("term %d follows term %d, signed by the one that was killed: %t", term, before, now == dead)
			}
			return now
		}
		if time.Now().After(end) {
			a.t.Fatal("no other server has taken over")
		}
	}
}

// awaitWrittenHead waits until the only server of a log in a directory has written a head.
func (a *audited) awaitWrittenHead() {
	a.t.Helper()
	if a.shared {
		return
	}
	file := filepath.Join(a.store, server.TreeFolder, "heads")
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 {
			return
		} else if time.Now().After(end) {
			a.t.Fatalf("no head was written to %s: %v", file, err)
		}
	}
}

// verifyAtRest checks the log, after all servers have ended, against the saved heads and receipts.
func (a *audited) verifyAtRest(head, keyFile, key string, receipts map[string]string) {
	t := a.t
	t.Helper()
	a.awaitWrittenHead()
	for _, p := range a.servers {
		p.kill()
	}
	if again, _ := must(t, exitDone, "receipt", "key", "--store", a.store); again != key {
		t.Errorf("the key is %s, and was %s", again, key)
	}
	newest, _ := must(t, exitDone, "head", "--store", a.store)
	if h, err := merkle.ReadHead(newest); err != nil || h.Own != a.shared ||
		h.Position() < events.Position(h.Size) {
		t.Errorf("%s: %v", newest, err)
	}
	kept := map[string]string{"a head": head, "the newest": write(t, "newest.head", newest)}
	for name, text := range receipts {
		kept[name] = write(t, "receipt.json", text)
	}
	for _, file := range kept {
		v := runVerify(t, exitDone, "--store", a.store, "--against", file)
		if v.Heads < 2 || v.Root == "" {
			t.Errorf("verdict %+v; want Heads >= 2 and some Root", v)
		}
		runVerify(t, exitDone, "--store", a.store, "--against", file, "--key", keyFile)
	}
	forged := write(t, "forged.head", strings.Replace(newest, "\n", "0\n", 2))
	must(t, exitUsage, "verify", "--store", a.store, "--against", forged)
	a.close()
	if a.dir == "" {
		return
	}
	if h, _ := must(t, exitDone, "head", "--store", a.dir); h != newest {
		t.Errorf("the head in the directory is\n%s\nwant\n%s", h, newest)
	}
	for name, file := range kept { // the heads cover only our own events, in the directory too
		if v := runVerify(t, exitDone, "--store", a.dir, "--against", file); v.Heads < 2 {
			t.Errorf("%s, in the directory: %+v; want Heads >= 2", name, v)
		}
	}
}
