package merkle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
)

// TestSharedHead: heads cover this system's own events, whatever their category, and state their number and the
// last position.
func TestSharedHead(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	tree, _ := log.node(t, "a", t.TempDir(), key, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := tree.AppendHead(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("AppendHead before any event: %v, want %v", err, context.DeadlineExceeded)
	}
	last := log.add(t, 40)
	log.ownReceipt(t, tree, 40)
	text, err := tree.AppendHead(t.Context(), nil)
	var answer struct {
		Size, Position     int64
		Counts, Note, Root string
		Key                string
	}
	if err := errors.Join(err, json.Unmarshal(text, &answer)); err != nil || answer.Size != 40 ||
		answer.Position != int64(last) || answer.Counts != "own" || answer.Key != key.String() {
		t.Errorf("AppendHead = %s, %v; want 40 own events up to position %d", text, err, last)
	}
	h, err := OpenHead(answer.Note, key.Verifier())
	var want CompactRange
	for _, e := range log.ownEvents() {
		want.Add(nil, &e)
	}
	if err != nil || !h.Own || h.Root != want.Root() || h.Position() != last {
		t.Errorf("OpenHead = %+v, %v; want the root of the own events at %d", h, err, last)
	}
	for n := range 40 {
		log.ownReceipt(t, tree, n+1)
	}
	if newest, public, err := NewestHead(t.Context(), log); err != nil || newest != h || public != key.String() {
		t.Errorf("NewestHead = %+v, %s, %v; want %+v, %s", newest, public, err, h, key)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	foreign := log.all[len(log.all)-1].Position
	if _, err := tree.Receipt(ctx, foreign); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Receipt of another program's event: %v, want an error without waiting", err)
	}
	if c, err := log.checkOwn(t, h.Head); err != nil || c.Heads() != len(log.heads())+1 {
		t.Errorf("check of the log: %d heads matched, %v; want %d", c.Heads(), err, len(log.heads())+1)
	}
}

// TestChangedSharedReceipt: any change invalidates a receipt with an ordinal.
func TestChangedSharedReceipt(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	tree, _ := log.node(t, "a", t.TempDir(), key, time.Millisecond)
	log.add(t, 13)
	text := log.ownReceipt(t, tree, 7)
	for i := range text {
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << bit
			if _, err := CheckReceipt(changed, key.Verifier()); err == nil {
				t.Errorf("CheckReceipt accepted a change of bit %d of byte %d, want an error: %s", bit, i,
					changed[max(0, i-20):min(i+20, len(text))])
			}
		}
	}
	for _, change := range [][2]string{{`"ordinal":7,`, ""}, {`"ordinal":7,`, `"ordinal":8,`},
		{`own events, up to position`, `own events up to position`}} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if _, err := CheckReceipt([]byte(changed), key.Verifier()); err == nil || changed == string(text) {
			t.Errorf("CheckReceipt accepted %q instead of %q, want an error", change[1], change[0])
		}
	}
}

// TestTakeover: one of two servers signs. After it has stopped, the other takes over in the next term. When the
// first server starts again, it leaves the signing to the other.
func TestTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 4 * time.Second
		log, key := newSharedLog(), keyOf(t, "e7", 1)
		first, stopFirst := log.node(t, "a", t.TempDir(), key, every)
		log.add(t, 1)
		log.ownReceipt(t, first, 1)
		second, stopSecond := log.node(t, "b", t.TempDir(), key, every)
		for range 20 {
			log.add(t, 1)
			time.Sleep(time.Second)
		}
		log.ownReceipt(t, second, 21)
		for _, h := range log.heads() {
			if h.Term != 1 || h.Node != "a" {
				t.Errorf("head = %+v, want term 1, node a", h)
			}
		}
		stopFirst()
		before, start := len(log.heads()), time.Now()
		log.add(t, 1)
		log.ownReceipt(t, second, 22)
		if waited := time.Since(start); waited < every || waited > 3*every {
			t.Errorf("takeover after %v, want %v to %v", waited, every, 3*every)
		}
		if newest := log.heads()[before]; newest.Term != 2 || newest.Node != "b" {
			t.Errorf("head after the takeover = %+v, want term 2, node b", newest)
		}
		third, stopThird := log.node(t, "a", t.TempDir(), key, every)
		log.ownReceipt(t, third, 22)
		if n := len(log.heads()); n != before+1 {
			t.Errorf("%d heads after the first server has started again, want %d", n, before+1)
		}
		if c, err := log.checkOwn(t); err != nil || c.Heads() != before+1 {
			t.Errorf("check of the log: %d heads matched, %v; want %d", c.Heads(), err, before+1)
		}
		stopSecond()
		stopThird()
	})
}

// TestConcurrentSigners: two servers that sign as fast as possible do not fork the heads.
func TestConcurrentSigners(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	dirs := []string{t.TempDir(), t.TempDir()}
	var first atomic.Bool
	log.before = func() {
		if first.CompareAndSwap(false, true) {
			time.Sleep(5 * time.Millisecond)
		}
	}
	a, stopA := log.node(t, "a", dirs[0], key, time.Nanosecond)
	b, stopB := log.node(t, "b", dirs[1], key, time.Nanosecond)
	for n := range 100 {
		log.add(t, 1)
		log.ownReceipt(t, []*SharedTree{a, b}[n%2], n+1)
	}
	stopA()
	stopB()
	if c, err := log.checkOwn(t); err != nil || c.Heads() != len(log.heads()) || c.Heads() < 2 {
		t.Errorf("check of the log: %d of %d heads matched, %v; want all", c.Heads(), len(log.heads()), err)
	}
}

// TestHeadsAreReadRarely: heads are not read for every page of events.
func TestHeadsAreReadRarely(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	log.add(t, 1)
	tree, _ := log.node(t, "a", t.TempDir(), key, time.Hour)
	log.ownReceipt(t, tree, 1) // a head has been signed; the next one is due in an hour
	before := log.headReads.Load()
	const pages = 100
	for n := range pages {
		log.add(t, 1)
		for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			tree.mu.Lock()
			size := tree.compact.Size
			tree.mu.Unlock()
			if size == int64(n)+2 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("the tree covers %d events after a minute, want %d", size, n+2)
			}
		}
	}
	if n := log.headReads.Load() - before; n > pages/10 {
		t.Errorf("heads were read %d times for %d pages, want at most %d", n, pages, pages/10)
	}
}

// TestDifferentKey: a server with a different key signs no heads, and serves those of other servers.
func TestDifferentKey(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	log.add(t, 3)
	right, stop := log.node(t, "a", t.TempDir(), key, time.Millisecond)
	log.ownReceipt(t, right, 3)
	stop()
	other, _ := log.node(t, "b", t.TempDir(), keyOf(t, "e7", 2), time.Millisecond)
	log.ownReceipt(t, other, 2)
	if text, err := other.AppendHead(t.Context(), nil); err != nil || !strings.Contains(string(text), key.String()) {
		t.Errorf("AppendHead = %s, %v; want a head with the key %s", text, err, key)
	}
	position := log.add(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := other.Receipt(ctx, position); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Receipt without a server that can sign: %v, want %v", err, context.DeadlineExceeded)
	}
	again, _ := log.node(t, "c", t.TempDir(), key, time.Millisecond)
	log.ownReceipt(t, again, 4)
	log.ownReceipt(t, other, 4)
}

// TestDamagedSharedFiles: a tree with damaged or truncated files is rebuilt.
func TestDamagedSharedFiles(t *testing.T) {
	log, key, dir := newSharedLog(), keyOf(t, "e7", 1), t.TempDir()
	log.add(t, 50)
	tree, stop := log.node(t, "a", dir, key, time.Millisecond)
	log.ownReceipt(t, tree, 50)
	stop()
	for name, damage := range map[string]func(t *testing.T, hashes, positions string){
		"no damage":    func(*testing.T, string, string) {},
		"changed hash": func(t *testing.T, hashes, _ string) { flip(t, hashes, 3*32) },
		"changed last hash": func(t *testing.T, hashes, _ string) {
			info, err := os.Stat(hashes)
			if err != nil {
				t.Fatal(err)
			}
			flip(t, hashes, info.Size()-1)
		},
		"changed position":    func(t *testing.T, _, positions string) { flip(t, positions, 8*30+7) },
		"no positions":        func(t *testing.T, _, positions string) { truncate(t, positions, 0) },
		"truncated positions": func(t *testing.T, _, positions string) { truncate(t, positions, 8*20+3) },
		"truncated hashes":    func(t *testing.T, hashes, _ string) { truncate(t, hashes, 32*20+3) },
		"empty files":         func(t *testing.T, hashes, positions string) { truncate(t, hashes, 0); truncate(t, positions, 0) },
	} {
		damage(t, filepath.Join(dir, hashesFile), filepath.Join(dir, positionsFile))
		log.add(t, 1)
		size := len(log.ownEvents())
		tree, stop := log.node(t, "a", dir, key, time.Millisecond)
		for _, n := range []int{2, 31, size} {
			log.ownReceipt(t, tree, n)
		}
		if text, err := tree.AppendHead(t.Context(), nil); err != nil {
			t.Errorf("%s: AppendHead = %s, %v; want success", name, text, err)
		}
		stop()
	}
	if _, err := log.checkOwn(t); err != nil {
		t.Errorf("check of the log: %v, want success", err)
	}
}

// flip changes the lowest bit of a byte of a file.
func flip(t *testing.T, file string, at int64) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text[at] ^= 1
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, file string, size int64) {
	t.Helper()
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
}

// TestSharedContradiction: if the log contradicts its heads, a check fails, and a server without hashes returns
// neither heads nor receipts.
func TestSharedContradiction(t *testing.T) {
	for name, forge := range map[string]func(log *sharedLog){
		"changed event": func(log *sharedLog) {
			e := &log.all[9]
			e.Created = e.Created.Add(100)
			log.streams[e.Stream][e.Revision] = *e
		},
		"removed event":  func(log *sharedLog) { log.all = slices.Delete(log.all, 3, 4) },
		"swapped events": func(log *sharedLog) { log.all[3], log.all[6] = log.all[6], log.all[3] },
		"truncated log":  func(log *sharedLog) { log.all = log.all[:len(log.all)-3] },
	} {
		log, key := newSharedLog(), keyOf(t, "e7", 1)
		dir := t.TempDir()
		log.add(t, 20)
		tree, stop := log.node(t, "a", dir, key, time.Millisecond)
		log.ownReceipt(t, tree, 20)
		stop()
		if _, err := log.checkOwn(t); err != nil {
			t.Fatal(err)
		}
		forge(log)
		var broken *Contradiction
		if _, err := log.checkOwn(t); !errors.As(err, &broken) || !errors.Is(err, ErrContradicted) {
			t.Errorf("%s: check: %v, want %v", name, err, ErrContradicted)
		}
		if name == "truncated log" {
			continue // the tree waits for the missing events and signs nothing
		}
		fresh, stop := log.node(t, "b", t.TempDir(), key, time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if _, err := fresh.Receipt(ctx, log.ownEvents()[0].Position); !errors.Is(err, ErrContradicted) {
			t.Errorf("%s: Receipt: %v, want %v", name, err, ErrContradicted)
		}
		if _, err := fresh.AppendHead(ctx, nil); !errors.Is(err, ErrContradicted) {
			t.Errorf("%s: AppendHead: %v, want %v", name, err, ErrContradicted)
		}
		cancel()
		stop()
	}
}

// TestForkedHeads: a check detects heads that no server of this system can have written, such as two different heads
// of the same size.
func TestForkedHeads(t *testing.T) {
	for name, c := range map[string]struct {
		sign func(h Head) (Head, *Key)
		term int64
		want string
	}{
		"same size":     {func(h Head) (Head, *Key) { h.Root[3]++; return h, keyOf(t, "e7", 1) }, 2, "two heads over"},
		"smaller size":  {func(h Head) (Head, *Key) { h.Size--; return h, keyOf(t, "e7", 1) }, 2, "follows one over"},
		"different key": {func(h Head) (Head, *Key) { return h, keyOf(t, "e7", 2) }, 2, "not a head"},
		"over all events": {func(h Head) (Head, *Key) { h.Own, h.Last = false, 0; return h, keyOf(t, "e7", 1) }, 2,
			"covers events of other programs"},
		"skipped term": {func(h Head) (Head, *Key) { return h, keyOf(t, "e7", 1) }, 3, "term 1 is of"},
		"more events than the log": {func(h Head) (Head, *Key) { h.Size++; h.Last++; return h, keyOf(t, "e7", 1) }, 2,
			"the log ends"},
	} {
		log, key := newSharedLog(), keyOf(t, "e7", 1)
		log.add(t, 5)
		tree, stop := log.node(t, "a", t.TempDir(), key, time.Millisecond)
		log.ownReceipt(t, tree, 5)
		stop()
		s := newSignings()
		for _, e := range log.streams[events.HeadsStream] {
			if _, err := s.apply(&e); err != nil {
				t.Fatal(err)
			}
		}
		h, signer := c.sign(s.newest.Head)
		signed, err := signer.Sign(h)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.batch(signed, signer, c.term, "b", time.Now()) {
			log.mustAppend(t, events.HeadsStream, e)
		}
		if _, err := log.checkOwn(t); !errors.Is(err, ErrContradicted) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: check: %v, want %v with %q", name, err, ErrContradicted, c.want)
		}
	}
}

// TestGoldenSharedHeads: the format of the events in the stream of heads does not change.
func TestGoldenSharedHeads(t *testing.T) {
	h, err := keyOf(t, "e7", 1).Sign(Head{Epoch: "e7", Size: 3, Own: true, Last: 898})
	if err != nil {
		t.Fatal(err)
	}
	s := newSignings()
	var text bytes.Buffer
	for _, e := range s.batch(h, keyOf(t, "e7", 1), 1, "host:8080", time.Now()) {
		text.WriteString(e.Type + "\n" + string(e.Data) + "\n")
	}
	if want := golden(t, "v2/heads"); !bytes.Equal(text.Bytes(), want) {
		t.Errorf("events =\n%s\nwant\n%s", &text, want)
	}
}
