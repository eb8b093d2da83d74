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

// audited is a log whose signed heads are checked, and the servers on it, each in a separate process.
type audited struct {
	t       *testing.T
	store   string
	servers []*process
	product string
	shared  bool   // the log may have several servers, and events of other programs
	dir     string // of a log that admitone eventstore serves at store; "" for others
	close   func() // ends the process that serves the log, if it is one of the test
}

// auditedLogs opens a log of each kind that the auditing tools support.
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
	// The heads of earlier runs stay in this store, so all runs use the same key.
	"EventStoreDB": func(t *testing.T) *audited {
		a := &audited{t: t, store: stores.Real(t), product: "p" + strings.ToLower(rand.Text()), close: func() {}}
		a.launchTwo(filepath.Join(os.TempDir(), "admitone-test-head.key"))
		return a
	},
}

// launchTwo starts two servers that share a head key.
func (a *audited) launchTwo(key string) {
	a.t.Helper()
	a.shared = true
	for range 2 {
		a.servers = append(a.servers, launch(a.t, a.store, "--data", a.t.TempDir(), "--head-key-file", key,
			"--sign-every", "300ms"))
	}
}

// last returns the last of the servers.
func (a *audited) last() *process { return a.servers[len(a.servers)-1] }

func (a *audited) post(url, body string) (answer map[string]any) {
	a.t.Helper()
	status, text, err := post(http.DefaultClient, url, body, "")
	if err != nil || status/100 != 2 || json.Unmarshal([]byte(text), &answer) != nil {
		a.t.Fatalf("POST %s: %d %s, %v; want a JSON object and a 2xx status", url, status, text, err)
	}
	return answer
}

// buy reserves a unit at a server, and returns the path of the reservation.
func (a *audited) buy(at *process, holder string) string {
	a.t.Helper()
	path := "/v1/products/" + a.product + "/reservations"
	answer := a.post(at.url+path, fmt.Sprintf(`{"holder":%q}`, holder))
	return path + "/" + answer["id"].(string)
}

// get returns the body of a GET's answer. It retries after a 503 with Retry-After.
func (a *audited) get(at *process, path string) string {
	a.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		status, header, text := (&serverProcess{process: at, t: a.t}).ask("GET", path, "")
		if status == http.StatusOK {
			return text
		}
		if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || time.Now().After(end) {
			a.t.Fatalf("GET %s: %d %s; want 200, or 503 with a Retry-After", path, status, text)
		}
	}
}

// signer returns the server that signed the newest head, or nil if it is none of a's, and the term.
func (a *audited) signer() (found *process, term int64) {
	a.t.Helper()
	store, err := server.Connect(a.t.Context(), a.store,
		esdb.Options{ReadOnly: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		a.t.Fatal(err)
	}
	defer store.Close()
	page, err := store.Read(a.t.Context(), events.HeadsStream, events.EndRevision, events.Backward, 1)
	if err != nil || len(page) != 1 {
		a.t.Fatalf("the newest heads: %d, %v; want 1", len(page), err)
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

// TestAuditorsTools runs head, receipt, receipt check and verify --against while the log grows. If several
// servers share the log, the one that signs its heads is killed meanwhile.
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

			survivor, stop := a.last(), a.startBuyers()
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
					t.Errorf("receipt check of %s: %s; want the prefix %q", name, stdout, "good: position ")
				}
				forged := write(t, "forged.json", strings.Replace(text, `"quantity":1`, `"quantity":9`, 1))
				must(t, exitProblemsFound, "receipt", "check", forged, "--key", keyFile)
				if v := runVerify(t, exitDone, "--url", survivor.url, "--against", file); v.Heads != 1 {
					t.Errorf("verify of %s through the server: %+v; want 1 head", name, v)
				}
			}
			a.verifyAtRest(head, keyFile, key, receipts)
		})
	}
}

// startBuyers lets two buyers reserve at all servers until stop is called.
func (a *audited) startBuyers() (stop func()) {
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
				// The error is ignored, since one of the servers is killed.
				_, _, _ = post(http.DefaultClient, a.servers[i%len(a.servers)].url+"/v1/products/"+a.product+"/reservations",
					fmt.Sprintf(`{"holder":"h-%d-%d"}`, n, i), "")
				time.Sleep(3 * time.Millisecond)
			}
		})
	}
	return func() { close(ended); buyers.Wait() }
}

// killSigner kills the server that signs, and waits until the other one has signed a head.
func (a *audited) killSigner() (survivor *process) {
	a.t.Helper()
	dead, before := a.signer()
	if dead == nil {
		a.t.Fatal("the newest head is not signed by a server of the test")
	}
	dead.kill()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		now, term := a.signer()
		if term > before {
			if now == dead || now == nil || term != before+1 {
				a.t.Errorf("term %d after term %d, signed by the killed server: %t; want term %d, signed by the other",
					term, before, now == dead, before+1)
			}
			return now
		}
		if time.Now().After(end) {
			a.t.Fatalf("no server signed a head after term %d within %v", before, patience)
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

// verifyAtRest kills all servers and checks the log against the saved head and receipts.
func (a *audited) verifyAtRest(head, keyFile, key string, receipts map[string]string) {
	t := a.t
	t.Helper()
	a.awaitWrittenHead()
	for _, p := range a.servers {
		p.kill()
	}
	if again, _ := must(t, exitDone, "receipt", "key", "--store", a.store); again != key {
		t.Errorf("the key is %s, want %s", again, key)
	}
	newest, _ := must(t, exitDone, "head", "--store", a.store)
	if h, err := merkle.ReadHead(newest); err != nil || h.Own != a.shared ||
		h.Position() < events.Position(h.Size) {
		t.Errorf("the newest head is %s, %v; want a position of at least its size, and own = %v", newest, err, a.shared)
	}
	kept := map[string]string{"a head": head, "the newest": write(t, "newest.head", newest)}
	for name, text := range receipts {
		kept[name] = write(t, "receipt.json", text)
	}
	for _, file := range kept {
		v := runVerify(t, exitDone, "--store", a.store, "--against", file)
		if v.Heads < 2 || v.Root == "" {
			t.Errorf("verify --against %s: %+v; want a root and at least 2 heads", file, v)
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
	for name, file := range kept {
		if v := runVerify(t, exitDone, "--store", a.dir, "--against", file); v.Heads < 2 {
			t.Errorf("verify of the directory against %s: %+v; want at least 2 heads", name, v)
		}
	}
}
