package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// openBlockedDesk opens a desk whose next append waits until release is closed.
func openBlockedDesk(t *testing.T, change func(*Config)) (d *Desk, release chan struct{}) {
	t.Helper()
	f := openFaulty(t)
	d = openDesk(t, f, change)
	mustCreate(t, d, 1_000_000)
	release = make(chan struct{})
	f.setFaults(before(func() { <-release }))
	return d, release
}

// send submits n commands, and returns a function that waits for their answers and checks them.
func send(t *testing.T, d *Desk, n int) (wait func()) {
	t.Helper()
	var all sync.WaitGroup
	results := make([]error, n)
	for i := range n {
		p := d.envelopes.get()
		p.request = Request{Stream: lamp, Command: one("ann"), ID: NewCommandID()}
		must(t, d.submit(p))
		all.Go(func() { results[i] = (<-p.reply).err })
	}
	return func() {
		t.Helper()
		all.Wait()
		for i, err := range results {
			if err != nil {
				t.Errorf("command %d: %v, want success", i, err)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	other := product.Stream("other")
	for name, test := range map[string]struct {
		change      func(*Config)
		otherEntity string
	}{
		"of one entity":   {func(c *Config) { c.MaxPerEntity = 10 }, "not_found"},
		"of all entities": {func(c *Config) { c.MaxInFlight = 10 }, ErrOverloaded.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			checkNoLeaks(t)
			d, release := openBlockedDesk(t, test.change)
			wait := send(t, d, 10)
			if _, err := ask(d, one("bob")); err != ErrOverloaded {
				t.Errorf("the eleventh command: %v, want %v", err, ErrOverloaded)
			}
			if _, err := d.View(context.Background(), lamp, func(core.Core) {}); err != ErrOverloaded {
				t.Errorf("a view: %v, want %v", err, ErrOverloaded)
			}
			_, err := d.Ask(context.Background(), Request{Stream: other, Command: one("bob"), ID: NewCommandID()})
			if code(err) != test.otherEntity {
				t.Errorf("another entity: %v, want %s", err, test.otherEntity)
			}
			checkRefusalsLeaveNothing(t, d)
			close(release)
			wait()
			if _, err := ask(d, one("bob")); err != nil {
				t.Errorf("a command once the others are answered: %v, want success", err)
			}
			closeDesk(t, d)
			if s := d.Stats(); s.InFlight != 0 || s.Active != 0 {
				t.Errorf("stats = %+v, want InFlight 0, Active 0", s)
			}
		})
	}
}

// checkRefusalsLeaveNothing checks that refused commands leave nothing behind.
func checkRefusalsLeaveNothing(t *testing.T, d *Desk) {
	t.Helper()
	command := one("bob")
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for range 50_000 {
		if _, err := d.Ask(context.Background(), Request{Stream: lamp, Command: command, ID: "x"}); err != ErrOverloaded {
			t.Fatalf("got %v, want %v", err, ErrOverloaded)
		}
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("50,000 refused commands left %d bytes, want at most 1 MiB", after-before)
	}
}

// TestCloseWaits: Close waits for commands in flight, and refuses new ones.
func TestCloseWaits(t *testing.T) {
	checkNoLeaks(t)
	d, release := openBlockedDesk(t, nil)
	wait := send(t, d, 5)
	ended, end := context.WithCancel(context.Background())
	end()
	if err := d.Close(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("closing with commands in flight: %v, want %v", err, context.Canceled)
	}
	for _, stream := range []events.StreamID{lamp, product.Stream("other")} {
		if _, err := d.Ask(context.Background(), Request{Stream: stream, Command: one("ann"), ID: NewCommandID()}); err != ErrStopping {
			t.Errorf("%s: %v, want %v", stream, err, ErrStopping)
		}
		if _, err := d.Wake(context.Background(), stream); err != ErrStopping {
			t.Errorf("waking %s: %v, want %v", stream, err, ErrStopping)
		}
	}
	close(release)
	wait()
	closeDesk(t, d)
	closeDesk(t, d)
	if s := d.Stats(); s.InFlight != 0 || s.Active != 0 {
		t.Errorf("stats = %+v, want InFlight 0, Active 0", s)
	}
}

// TestCloseAmongCommands: every command is answered or refused, and none is lost.
func TestCloseAmongCommands(t *testing.T) {
	checkNoLeaks(t)
	log := newMemory()
	d := openDesk(t, log, nil)
	mustCreate(t, d, 1_000_000)
	var asked sync.WaitGroup
	results := make([]map[string]int, 4)
	for i := range results {
		asked.Go(func() {
			results[i] = concurrently(8, func(int) error {
				for {
					if _, err := ask(d, one("ann")); err != nil {
						return err
					}
				}
			})
		})
	}
	waitFor(t, "1,000 events in the log", func() bool { head, _ := log.Head(context.Background()); return head >= 1000 })
	closeDesk(t, d)
	asked.Wait()
	for _, got := range results {
		wantResults(t, got, map[string]int{ErrStopping.Error(): 8})
	}
	audit(t, log, nil)
}

// TestAnUnknownKind: a stream of no kind is an error of the caller.
func TestAnUnknownKind(t *testing.T) {
	d := openDesk(t, newMemory(), nil)
	_, err := d.Ask(context.Background(), Request{Stream: "locker-1", Command: one("ann"), ID: NewCommandID()})
	if err == nil || d.Stats().InFlight != 0 {
		t.Errorf("stream of no kind: %v with %+v, want an error and nothing in flight", err, d.Stats())
	}
}

// TestKeys: the parts of keyed ids, and ids without a key.
func TestKeys(t *testing.T) {
	id := KeyedCommandID("ann", "key", []byte("a"), []byte("b"))
	key, body, ok := id.keyed()
	if !ok {
		t.Fatalf("keyed(%s) found no key", id)
	}
	for name, test := range map[string]struct {
		id                CommandID
		sameKey, sameBody bool
	}{
		"the same":       {KeyedCommandID("ann", "key", []byte("a"), []byte("b")), true, true},
		"another body":   {KeyedCommandID("ann", "key", []byte("a"), []byte("c")), true, false},
		"cut elsewhere":  {KeyedCommandID("ann", "key", []byte("ab"), nil), true, false},
		"another caller": {KeyedCommandID("bob", "key", []byte("a"), []byte("b")), false, true},
		"another key":    {KeyedCommandID("ann", "yek", []byte("a"), []byte("b")), false, true},
	} {
		otherKey, otherBody, ok := test.id.keyed()
		if !ok || (otherKey == key) != test.sameKey || (otherBody == body) != test.sameBody {
			t.Errorf("%s: ids %s and %s, want same key %t, same body %t", name, id, test.id, test.sameKey, test.sameBody)
		}
	}
	for _, plain := range []CommandID{"", "k", NewCommandID(), id[:len(id)-1], "x" + id[1:], CommandID(fmt.Sprintf("%s!", id[:len(id)-1]))} {
		if _, _, ok := plain.keyed(); ok {
			t.Errorf("keyed(%q) found a key, want none", plain)
		}
	}
}
