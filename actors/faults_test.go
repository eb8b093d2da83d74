package actors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// shortAppendTimeout shortens the timeout of a hanging append, but not so much that a busy machine
// looks like a hanging store.
func shortAppendTimeout(c *Config) { c.AppendTimeout = time.Second }

// TestOneFault: while the store has a fault, each of ten callers is answered once, and the answers
// match the log.
func TestOneFault(t *testing.T) {
	const callers, stock = 10, 6
	for name, test := range map[string]struct {
		faults func(f *faulty, other *Desk) []appendTo
		// unavailable permits ErrUnavailable as an answer.
		unavailable bool
		// shortTimeout shortens the timeout of appends, for faults that make them hang.
		shortTimeout bool
	}{
		"no fault": {faults: func(*faulty, *Desk) []appendTo { return nil }},
		"conflict": {faults: func(_ *faulty, other *Desk) []appendTo {
			return []appendTo{before(func() { price(t, other, 7) })}
		}},
		"many conflicts": {faults: func(_ *faulty, other *Desk) (plan []appendTo) {
			for i := range 20 {
				plan = append(plan, before(func() { price(t, other, int64(i)) }))
			}
			return plan
		}},
		"lost":                {faults: func(*faulty, *Desk) []appendTo { return []appendTo{lost, lost, lost} }},
		"stored":              {faults: func(*faulty, *Desk) []appendTo { return []appendTo{stored, stored, stored} }},
		"lost and stored":     {faults: func(*faulty, *Desk) []appendTo { return []appendTo{lost, stored, lost, stored} }},
		"lands late":          {faults: func(f *faulty, _ *Desk) []appendTo { return []appendTo{f.landLate, f.landLate} }},
		"lands after reading": {faults: func(f *faulty, _ *Desk) []appendTo { return []appendTo{f.landOnRead, f.landOnRead} }},
		"lands after reading, and then a conflict": {faults: func(f *faulty, other *Desk) []appendTo {
			return []appendTo{f.landOnRead, before(func() { price(t, other, 9) })}
		}},
		"stored, and then another append": {faults: func(_ *faulty, other *Desk) []appendTo {
			return []appendTo{func(ctx context.Context, log events.Store,
				stream events.StreamID, expected events.Revision, batch []events.Event) (events.Appended, error) {
				_, err := stored(ctx, log, stream, expected, batch)
				price(t, other, 9)
				return events.Appended{}, err
			}}
		}},
		"slow":        {faults: func(*faulty, *Desk) []appendTo { return []appendTo{appendSlowly, appendSlowly} }},
		"hangs":       {faults: func(*faulty, *Desk) []appendTo { return []appendTo{hang} }, shortTimeout: true},
		"unavailable": {faults: func(*faulty, *Desk) []appendTo { return []appendTo{unavailable} }, unavailable: true},
		"can't be read afterwards": {faults: func(f *faulty, _ *Desk) []appendTo {
			return []appendTo{failAgain(f)}
		}, unavailable: true},
		"keeps hanging": {faults: func(*faulty, *Desk) []appendTo {
			return []appendTo{hang, hang, hang, hang}
		}, unavailable: true, shortTimeout: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it waits
			f := openFaulty(t)
			other := openDesk(t, f.Store, nil)
			mustCreate(t, other, stock)
			var change func(*Config)
			if test.shortTimeout {
				change = shortAppendTimeout
			}
			d := openDesk(t, f, change)
			f.setFaults(test.faults(f, other)...)
			answers := make([]acknowledged, callers)
			results := concurrently(callers, func(i int) (err error) {
				answers[i].id = NewCommandID()
				answers[i].answer, err = d.Ask(context.Background(), Request{Stream: lamp, Command: one("ann"), ID: answers[i].id})
				return err
			})
			if n := results["ok"] + results["sold_out"] + results[ErrUnavailable.Error()]; n != callers ||
				!test.unavailable && (results["ok"] != stock || results[ErrUnavailable.Error()] > 0) {
				t.Errorf("the callers got %v, want only sold units, sold_out and permitted failures", results)
			}
			f.landAll()
			requireSameState(t, d, f.Store, answers)
		})
	}
}

// price edits the price of the lamp.
func price(t testing.TB, d *Desk, amount int64) {
	if _, err := ask(d, &product.Edit{Price: &amount}); err != nil {
		t.Error(err)
	}
}

// requireSameState audits the log and compares it with the state of a desk, after a command that makes the
// desk reach the end of the log.
func requireSameState(t testing.TB, d *Desk, log events.Store, answers []acknowledged) {
	t.Helper()
	name := "Lamp"
	for end := time.Now().Add(time.Minute); ; {
		if _, err := ask(d, &product.Edit{Name: &name}); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatalf("the entity has not recovered: %v", err)
		}
	}
	want := audit(t, log, answers)
	var got, replayed bytes.Buffer
	if _, err := d.View(context.Background(), lamp,
		func(c core.Core) { got.Reset(); noError(t, c.Freeze()(&got)) }); err != nil {
		t.Fatal(err)
	}
	noError(t, want.Freeze()(&replayed))
	if got.Len() != replayed.Len() {
		t.Errorf("the state has %d bytes, want %d as from the log", got.Len(), replayed.Len())
	}
	if g, w := got.String(), replayed.String(); g[:strings.IndexByte(g, '}')] != w[:strings.IndexByte(w, '}')] {
		t.Errorf("the state is %.200q, want %.200q as from the log", g, w)
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// TestFailedLoad: after a failed load the waiting commands fail, and the next command loads again.
func TestFailedLoad(t *testing.T) {
	f := openFaulty(t)
	d := openDesk(t, f, nil)
	f.badRead = 1
	if _, err := ask(d, one("ann")); !errors.Is(err, ErrUnavailable) || !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("got %v, want %v and %v", err, ErrUnavailable, events.ErrUnavailable)
	}
	mustCreate(t, d, 1)
}

// TestCancelledCaller: the caller gets the error of its context, and the command completes.
func TestCancelledCaller(t *testing.T) {
	f := openFaulty(t)
	d := openDesk(t, f, nil)
	mustCreate(t, d, 5)
	ctx, leave := context.WithCancel(context.Background())
	release := make(chan struct{})
	f.setFaults(before(func() { leave(); <-release }))
	if _, err := d.Ask(ctx, Request{Stream: lamp, Command: one("ann"), ID: NewCommandID()}); !errors.Is(
		err,
		context.Canceled,
	) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	close(release)
	if answer, err := ask(d, one("bob")); err != nil || answer.Revision != 2 {
		t.Errorf("the next command: %+v, %v, want Revision 2", answer, err)
	}
}

// TestARetriedKeyAfterAnUnknownOutcome: a key is retried on another node, which has not seen the events
// of the first node yet.
func TestARetriedKeyAfterAnUnknownOutcome(t *testing.T) {
	log := openLog(t, t.TempDir())
	nodes := []*Desk{openDesk(t, log, nil), openDesk(t, log, nil)}
	mustCreate(t, nodes[0], 5)
	for _, node := range nodes { // both have it in memory
		if _, err := node.Wake(context.Background(), lamp); err != nil {
			t.Fatal(err)
		}
	}
	id := KeyedCommandID("ann", "key")
	var answers []Answer
	for i, node := range nodes {
		answer, err := node.Ask(
			context.Background(),
			Request{Stream: lamp, Command: one("ann"), ID: id, CorrelationID: fmt.Sprint(i)},
		)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	if a, b := answers[0], answers[1]; a.Replayed || !b.Replayed || a.Position != b.Position || !a.At.Equal(b.At) ||
		!bytes.Equal(events.AppendFact(nil, a.Facts[0]), events.AppendFact(nil, b.Facts[0])) {
		t.Errorf("answers of the nodes = %+v and %+v, want the same facts", a, b)
	}
	audit(t, log, []acknowledged{{id, answers[0]}, {id, answers[1]}})
}

// TestALargeBatchIsWrittenInParts: simultaneous expiries or many callers may cause a batch that exceeds
// the store's limit for an append.
func TestALargeBatchIsWrittenInParts(t *testing.T) {
	f := openFaulty(t)
	sized := &bounded{Store: f, limit: 100 << 10}
	var c clock
	d := openDesk(t, sized, func(config *Config) { config.Now, config.AppendBytes = c.now, 20<<10 })
	mustCreate(t, d, 5000)
	answers := make([]acknowledged, 2000)
	wantResults(t, concurrently(len(answers), func(i int) (err error) {
		answers[i].id = NewCommandID()
		answers[i].answer, err = d.Ask(context.Background(), Request{Stream: lamp, ID: answers[i].id,
			Command: &product.Reserve{ReservationID: NewID(), Holder: "ann", Quantity: 1, Hold: true}})
		return err
	}), map[string]int{"ok": len(answers)})
	c.advance(time.Hour)
	f.setFaults(through, through, stored, through, lost) // faults amid the expiries
	if _, err := ask(d, one("bob")); err != nil {
		t.Fatal(err)
	}
	if p := audit(t, f.Store, answers); p.Remaining() != 4999 {
		t.Errorf("remaining = %d, want 4999", p.Remaining())
	}
	requireSameState(t, d, f.Store, answers)
}

// bounded is a store that accepts at most limit bytes in one append.
type bounded struct {
	events.Store
	limit int
}

func (b *bounded) Append(
	ctx context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	size := 0
	for i := range batch {
		size += len(batch[i].Data) + len(batch[i].Metadata)
	}
	if size > b.limit {
		return events.Appended{}, fmt.Errorf("%w: %d bytes", events.ErrTooLarge, size)
	}
	return b.Store.Append(ctx, stream, expected, batch)
}
