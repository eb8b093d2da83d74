package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/server"
)

// TestHeadChangesNothing: the head of a log in a directory covers all of its events and is the same each
// time, and the command changes nothing in the directory.
func TestHeadChangesNothing(t *testing.T) {
	dir := soldLog(t, 300)
	log := openLogIn(t, dir)
	end := appendSales(t, log, "later", 20) // after the newest signed head
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	before := inventory(t, dir)
	first, _ := must(t, exitDone, "head", "--json", "--store", dir)
	var h logHead
	if err := json.Unmarshal([]byte(first), &h); err != nil || h.Size != int64(end) || h.Counts != "all" {
		t.Errorf("head = %s, %v; want a head of all %d events", first, err, end)
	}
	if again, _ := must(t, exitDone, "head", "--json", "--store", dir); again != first {
		t.Errorf("the second head is\n%s\nwant\n%s", again, first)
	}
	if key, _ := must(t, exitDone, "receipt", "key", "--store", dir); strings.TrimSpace(key) != h.Key {
		t.Errorf("the key is %s; want %s", key, h.Key)
	}
	if after := inventory(t, dir); after != before {
		t.Errorf("the directory has\n%s\nwant\n%s", after, before)
	}
	v := runVerify(t, exitDone, "--store", dir, "--against", write(t, "head", first))
	if v.Root != h.Root {
		t.Errorf("verify finds the root %s; want %s", v.Root, h.Root)
	}
}

// TestHeadOfSharedLog: the head of a log that servers share is the newest one that they have signed, both
// in its directory and through admitone eventstore. It counts admitone's own events only.
func TestHeadOfSharedLog(t *testing.T) {
	s := newEventStore(t)
	secret := filepath.Join(t.TempDir(), server.HeadKeyFile)
	p := launch(t, s.address(), "--data", t.TempDir(), "--head-key-file", secret, "--sign-every", "100ms")
	a := &audited{t: t, product: "p", servers: []*process{p}}
	a.post(p.url+"/v1/products", `{"id":"p","name":"P","stock":10}`)
	a.get(p, a.buy(p, "eve")+"/receipt") // waits for a head
	p.kill()
	served, _ := must(t, exitDone, "head", "--json", "--store", s.address())
	s.kill()
	before := inventory(t, s.dir)
	for range 2 {
		if h, _ := must(t, exitDone, "head", "--json", "--store", s.dir); h != served {
			t.Errorf("the head in the directory is\n%s\nwant that of admitone eventstore\n%s", h, served)
		}
	}
	if after := inventory(t, s.dir); after != before {
		t.Errorf("the directory has\n%s\nwant\n%s", after, before)
	}
	var h logHead
	v := runVerify(t, exitDone, "--store", s.dir, "--against", write(t, "head", served))
	if err := json.Unmarshal([]byte(served), &h); err != nil || h.Counts != "own" || v.Events != uint64(v.Head) ||
		v.Events-v.Internal < uint64(h.Size) || v.Internal == 0 {
		t.Errorf("head = %s, verify = %+v, %v; want a head of own events, no more than verify found, and internal events",
			served, v, err)
	}
	if stdout, _ := must(t, exitDone, "verify", "--store", s.dir); !strings.Contains(stdout, "of these events are the store's own") {
		t.Errorf("stdout %q; want %q", stdout, "of these events are the store's own")
	}
}

// TestHeadWithoutKey: for a log whose directory has no head key, the commands fail and name the remedy.
// They create no key.
func TestHeadWithoutKey(t *testing.T) {
	dir, copied := soldLog(t, 10), filepath.Join(t.TempDir(), "copy")
	must(t, exitDone, "backup", "--store", dir, "--to", copied)
	before := inventory(t, copied)
	for _, args := range [][]string{{"head"}, {"receipt", "key"}} {
		_, stderr := must(t, exitUnavailable, append(args, "--store", copied)...)
		if !strings.Contains(stderr, server.HeadKeyFile) || !strings.Contains(stderr, "admitone serve") {
			t.Errorf("%v: %s; want %q and %q", args, stderr, server.HeadKeyFile, "admitone serve")
		}
	}
	if after := inventory(t, copied); after != before {
		t.Errorf("the directory has\n%s\nwant\n%s", after, before)
	}
}
