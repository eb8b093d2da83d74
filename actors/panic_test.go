package actors

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// panickingProduct is a product whose core panics on command.
type panickingProduct struct {
	*product.Product
	freezing *atomic.Int32
}

// breakIn is a command that makes a method of the core fail, by a panic unless it is "error".
type breakIn struct{ method string }

// Where Freeze panics.
const (
	freezeBreaks = 1 + iota
	writingBreaks
)

// Decide implements core.Core.
func (c *panickingProduct) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	b, ok := cmd.(*breakIn)
	if !ok {
		return c.Product.Decide(cmd, now)
	}
	switch b.method {
	case "Evolve": // an impossible fact after a possible one
		return []events.Fact{
			&events.ProductEdited{DisplayName: "half", Stock: 1000, Remaining: c.Remaining() + 1000 - 500},
			&events.ProductEdited{Stock: -1},
		}, nil
	case "AppendFact":
		return []events.Fact{
			&unwritable{events.ProductEdited{DisplayName: "unwritable", Stock: 500, Remaining: c.Remaining()}},
		}, nil
	case "error":
		return nil, fmt.Errorf("not a refusal")
	}
	panic("broken in Decide")
}

// Evolve implements core.Core.
func (c *panickingProduct) Evolve(fact events.Fact) {
	if u, ok := fact.(*unwritable); ok {
		fact = &u.ProductEdited
	}
	c.Product.Evolve(fact)
}

// Freeze implements core.Core.
func (c *panickingProduct) Freeze() func(io.Writer) error {
	switch c.freezing.Load() {
	case freezeBreaks:
		panic("broken in Freeze")
	case writingBreaks:
		return func(io.Writer) error { panic("broken in writing") }
	}
	return c.Product.Freeze()
}

// unwritable is a fact on which events.AppendFact panics: it is not registered.
type unwritable struct{ events.ProductEdited }

// openPanickingDesk opens a desk with a core that panics on breakIn, and in Freeze as freezing says.
func openPanickingDesk(t *testing.T, change func(*Config)) (d *Desk, log events.Store, freezing *atomic.Int32) {
	store := openLog(t, t.TempDir())
	freezing = &atomic.Int32{}
	d = openDesk(t, store, func(c *Config) {
		c.Kinds = []core.Kind{{Category: events.ProductCategory, SnapshotVersion: 1, New: func() core.Core {
			return &panickingProduct{product.New().(*product.Product), freezing}
		}}}
		c.Snapshots, c.SnapshotEvery = store, 1<<40
		if change != nil {
			change(c)
		}
	})
	return d, store, freezing
}

// TestPanics: commands whose core panics get ErrBroken, one after another and concurrently with others,
// which succeed.
func TestPanics(t *testing.T) {
	for _, method := range []string{"Decide", "Evolve", "AppendFact", "error", "View"} {
		t.Run(method, func(t *testing.T) {
			checkNoLeaks(t)
			d, log, _ := openPanickingDesk(t, nil)
			mustCreate(t, d, 500)
			broken := func(int) error {
				if method == "View" {
					_, err := d.View(context.Background(), lamp, func(core.Core) { panic("broken in View") })
					return err
				}
				_, err := ask(d, &breakIn{method})
				return err
			}
			for i := range 4 {
				wantResults(t, map[string]int{code(broken(i)): 1}, map[string]int{ErrBroken.Error(): 1})
			}
			if method == "Decide" || method == "AppendFact" { // at a new entity
				_, err := d.Ask(t.Context(), Request{Stream: product.Stream("new"), Command: &breakIn{method}, ID: NewCommandID()})
				wantResults(t, map[string]int{code(err): 1}, map[string]int{ErrBroken.Error(): 1})
			}
			answers := make([]acknowledged, 80)
			results := concurrently(len(answers), func(i int) (err error) {
				if i%2 == 0 {
					return broken(i)
				}
				answers[i].id = NewCommandID()
				answers[i].answer, err = d.Ask(context.Background(), Request{Stream: lamp, Command: one("ann"), ID: answers[i].id})
				return err
			})
			wantResults(t, results, map[string]int{"ok": 40, ErrBroken.Error(): 40})
			if p := audit(t, log, answers); int(p.Remaining()) != 500-results["ok"] {
				t.Errorf("remaining = %d, want %d after %v", p.Remaining(), 500-results["ok"], results)
			}
			requireSameState(t, d, log, answers)
			if got := d.Stats(); got.Panics < 4 {
				t.Errorf("stats = %+v, want at least 4 panics", got)
			}
			if err := d.waitIdle(t.Context()); err != nil { // the last answers are counted after they are sent
				t.Error(err)
			}
		})
	}
}

// TestSnapshotPanic: a panic while a snapshot is made loses the snapshot, but no answer.
func TestSnapshotPanic(t *testing.T) {
	checkNoLeaks(t)
	d, log, freezing := openPanickingDesk(t, func(c *Config) { c.SnapshotEvery = 4 })
	mustCreate(t, d, 1_000_000)
	for _, breaks := range []int32{freezeBreaks, writingBreaks, 0} {
		freezing.Store(breaks)
		wantResults(t, concurrently(40, func(int) error {
			_, err := ask(d, one("ann"))
			return err
		}), map[string]int{"ok": 40})
		count := func() int64 { return d.Stats().Panics }
		if breaks == 0 {
			count = func() int64 { return d.Stats().Snapshots }
		}
		for range 5 { // another snapshot is due after enough events
			before := count()
			waitFor(t, "another snapshot or panic", func() bool {
				_, err := ask(d, one("ann"))
				must(t, err)
				return count() > before
			})
		}
	}
	closeDesk(t, d)
	if s := d.Stats(); s.Active != 0 || s.InFlight != 0 || s.Snapshots == 0 {
		t.Errorf("stats = %+v, want Active 0, InFlight 0, some snapshots", s)
	}
	audit(t, log, nil)
}

// TestStateAfterAPanic: after a panic in Evolve the state has none of the command's facts.
func TestStateAfterAPanic(t *testing.T) {
	d, _, _ := openPanickingDesk(t, nil)
	mustCreate(t, d, 5)
	look := func() (p product.Product) {
		_, err := d.View(context.Background(), lamp, func(c core.Core) { p = *c.(*panickingProduct).Product })
		must(t, err)
		return p
	}
	before := look()
	if _, err := ask(d, &breakIn{"Evolve"}); code(err) != ErrBroken.Error() {
		t.Fatalf("got %v, want %v", err, ErrBroken)
	}
	if after := look(); after.Remaining() != before.Remaining() || reflect.DeepEqual(before, product.Product{}) {
		t.Errorf("state after the panic = %+v, want %+v", after, before)
	}
}
