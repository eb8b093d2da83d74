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

// TestSharedHead: heads count this system's own events, whatever their category, and have the
// ordinal and the position.
func TestSharedHead(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	tree, _ := log.node(t, "a", t.TempDir(), key, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := tree.AppendHead(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before any event: %v, want %v", err, context.DeadlineExceeded)
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
	if newest, named, err := NewestHead(t.Context(), log); err != nil || newest != h || named != key.String() {
		t.Errorf("in the log: %+v, %s, %v, want %+v, %s", newest, named, err, h, key.String())
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	theirs := log.all[len(log.all)-1].Position
	if _, err := tree.Receipt(ctx, theirs); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an event of another program: receipt with %v, want an error at once", err)
	}
	if c, err := log.checkOwn(t, h.Head); err != nil || c.Heads() != len(log.heads())+1 {
		t.Errorf("%d heads matched, want %d and the one given; %v", c.Heads(), len(log.heads()), err)
	}
}

// TestChangedSharedReceipt: any change invalidates a receipt that has an ordinal, and a head.
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
				t.Errorf("a change of bit %d of byte %d was accepted: %s", bit, i, changed[max(0, i-20):min(i+20, len(text))])
			}
		}
	}
	for _, change := range [][2]string{{`"ordinal":7,`, ""}, {`"ordinal":7,`, `"ordinal":8,`},
		{`own events, up to position`, `own events up to position`}} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if _, err := CheckReceipt([]byte(changed), key.Verifier()); err == nil || changed == string(text) {
			t.Errorf("a receipt with %q for %q was accepted", change[1], change[0])
		}
	}
}

// TestTakeover: one of two servers signs; when it has stopped, the other takes over after some
// time, in the next term. A server that was merely slow finds that it has lost the term.
func TestTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 4 * time.Second
		log, key := newSharedLog(), keyOf(t, "e7", 1)
		first, stopFirst := log.node(t, "a", t.TempDir(), key, every)
		log.add(t, 1)
		log.ownReceipt(t, first, 1)
		second, stopSecond := log.node(t, "b", t.TempDir(), key, every)
		for n := range 20 {
			log.add(t, 1)
			time.Sleep(time.Second)
			_ = n
		}
		log.ownReceipt(t, second, 21)
		for _, f := range log.heads() {
			if f.Term != 1 || f.Node != "a" {
				t.Errorf("newest = %+v, want Term 1, Node a", f)
			}
		}
		stopFirst()
		before, begun := len(log.heads()), time.Now()
		log.add(t, 1)
		log.ownReceipt(t, second, 22)
		if waited := time.Since(begun); waited < every || waited > 3*every {
			t.Errorf("the takeover came after %v, want one to three intervals", waited)
		}
		if newest := log.heads()[before]; newest.Term != 2 || newest.Node != "b" {
			t.Errorf("newest = %+v, want Term 2, Node b", newest)
		}
		third, stopThird := log.node(t, "a", t.TempDir(), key, every)
		log.ownReceipt(t, third, 22)
		if len(log.heads()) != before+1 {
			t.Error("the new server signed no head")
		}
		if c, err := log.checkOwn(t); err != nil || c.Heads() != before+1 {
			t.Errorf("%d heads, %v, want %d", c.Heads(), err, before+1)
		}
		stopSecond()
		stopThird()
	})
}

// TestOneSigner: two servers that sign as fast as possible never fork the heads.
func TestOneSigner(t *testing.T) {
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
		t.Errorf("%d heads matched, %v; want all", c.Heads(), err)
	}
}

// TestHeadsAreReadSeldom: a log that grows does not have its heads read for every page of events.
func TestHeadsAreReadSeldom(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	log.add(t, 1)
	tree, _ := log.node(t, "a", t.TempDir(), key, time.Hour)
	log.ownReceipt(t, tree, 1) // signed: the next head is due in an hour
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
				t.Fatalf("the tree did not grow beyond %d events within a minute", size)
			}
		}
	}
	if n := log.headReads.Load() - before; n > pages/10 {
		t.Errorf("the heads were read %d times for %d pages, want at most a tenth", n, pages)
	}
}

// TestOtherKey: a server with a different key signs nothing, and serves the heads of others.
func TestOtherKey(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	log.add(t, 3)
	right, stop := log.node(t, "a", t.TempDir(), key, time.Millisecond)
	log.ownReceipt(t, right, 3)
	stop()
	other, _ := log.node(t, "b", t.TempDir(), keyOf(t, "e7", 2), time.Millisecond)
	log.ownReceipt(t, other, 2)
	if text, err := other.AppendHead(t.Context(), nil); err != nil || !strings.Contains(string(text), key.String()) {
		t.Errorf("AppendHead = %s, %v; want the key %s", text, err, key)
	}
	position := log.add(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := other.Receipt(ctx, position); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody signs, and there is a receipt: %v, want %v", err, context.DeadlineExceeded)
	}
	again, _ := log.node(t, "c", t.TempDir(), key, time.Millisecond)
	log.ownReceipt(t, again, 4)
	log.ownReceipt(t, other, 4)
}

// TestSharedHashesDamaged: damaged hashes, hashes of a different log, and truncated files only cost
// time.
func TestSharedHashesDamaged(t *testing.T) {
	log, key, dir := newSharedLog(), keyOf(t, "e7", 1), t.TempDir()
	log.add(t, 50)
	tree, stop := log.node(t, "a", dir, key, time.Millisecond)
	log.ownReceipt(t, tree, 50)
	stop()
	for name, damage := range map[string]func(t *testing.T, hashes, positions string){
		"nothing": func(*testing.T, string, string) {},
		"a hash":  func(t *testing.T, hashes, _ string) { flip(t, hashes, 3*32) },
		"the last hash": func(t *testing.T, hashes, _ string) {
			info, err := os.Stat(hashes)
			if err != nil {
				t.Fatal(err)
			}
			flip(t, hashes, info.Size()-1)
		},
		"a position":     func(t *testing.T, _, positions string) { flip(t, positions, 8*30+7) },
		"no positions":   func(t *testing.T, _, positions string) { truncate(t, positions, 0) },
		"cut positions":  func(t *testing.T, _, positions string) { truncate(t, positions, 8*20+3) },
		"cut hashes":     func(t *testing.T, hashes, _ string) { truncate(t, hashes, 32*20+3) },
		"nothing at all": func(t *testing.T, hashes, positions string) { truncate(t, hashes, 0); truncate(t, positions, 0) },
	} {
		damage(t, filepath.Join(dir, hashesFile), filepath.Join(dir, positionsFile))
		log.add(t, 1)
		size := len(log.ownEvents())
		tree, stop := log.node(t, "a", dir, key, time.Millisecond)
		for _, n := range []int{2, 31, size} {
			log.ownReceipt(t, tree, n)
		}
		if text, err := tree.AppendHead(t.Context(), nil); err != nil {
			t.Errorf("%s: AppendHead = %s, %v; want no error", name, text, err)
		}
		stop()
	}
	if _, err := log.checkOwn(t); err != nil {
		t.Error(err)
	}
}

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

// TestSharedContradiction: if the log contradicts its heads, a server stops signing and proving,
// also one without hashes, and a check names the place.
func TestSharedContradiction(t *testing.T) {
	for name, forge := range map[string]func(log *sharedLog){
		"a changed event": func(log *sharedLog) {
			e := &log.all[9]
			e.Created = e.Created.Add(100)
			log.streams[e.Stream][e.Revision] = *e
		},
		"an event less": func(log *sharedLog) { log.all = slices.Delete(log.all, 3, 4) },
		"two swapped":   func(log *sharedLog) { log.all[3], log.all[6] = log.all[6], log.all[3] },
		"its end":       func(log *sharedLog) { log.all = log.all[:len(log.all)-3] },
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
			t.Errorf("%s: the check returned %v, want ErrContradicted", name, err)
		}
		if name == "its end" {
			continue // the tree waits for it, and signs nothing
		}
		fresh, stop := log.node(t, "b", t.TempDir(), key, time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if _, err := fresh.Receipt(ctx, log.ownEvents()[0].Position); !errors.Is(err, ErrContradicted) {
			t.Errorf("%s: a receipt, %v, want %v", name, err, ErrContradicted)
		}
		if _, err := fresh.AppendHead(ctx, nil); !errors.Is(err, ErrContradicted) {
			t.Errorf("%s: a head, %v, want %v", name, err, ErrContradicted)
		}
		cancel()
		stop()
	}
}

// TestForkedHeads: events that no server of this system has written to the stream of heads are
// found, above all two heads of one size.
func TestForkedHeads(t *testing.T) {
	for name, c := range map[string]struct {
		sign func(h Head) (Head, *Key)
		term int64
		want string
	}{
		"two of one size": {func(h Head) (Head, *Key) { h.Root[3]++; return h, keyOf(t, "e7", 1) }, 2, "two heads over"},
		"a smaller one":   {func(h Head) (Head, *Key) { h.Size--; return h, keyOf(t, "e7", 1) }, 2, "follows one over"},
		"a different key": {func(h Head) (Head, *Key) { return h, keyOf(t, "e7", 2) }, 2, "not a head"},
		"of all events": {func(h Head) (Head, *Key) { h.Own, h.Last = false, 0; return h, keyOf(t, "e7", 1) }, 2,
			"counts the events of others"},
		"a term too far":   {func(h Head) (Head, *Key) { return h, keyOf(t, "e7", 1) }, 3, "term 1 is of"},
		"over what is not": {func(h Head) (Head, *Key) { h.Size++; h.Last++; return h, keyOf(t, "e7", 1) }, 2, "the log ends"},
	} {
		log, key := newSharedLog(), keyOf(t, "e7", 1)
		log.add(t, 5)
		tree, stop := log.node(t, "a", t.TempDir(), key, time.Millisecond)
		log.ownReceipt(t, tree, 5)
		stop()
		s := newSignings()
		for _, e := range log.streams[events.HeadsStream] {
			if _, err := s.take(&e); err != nil {
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
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestFormatOfSharedHeads: the format of the events of the stream of heads never changes.
func TestFormatOfSharedHeads(t *testing.T) {
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
		t.Errorf("the events differ from the golden file:\n%s", &text)
	}
}
