package projections

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// forgery makes logs by hand, with good hashes whatever the facts say.
type forgery struct {
	log   []events.Recorded
	heads map[events.StreamID]events.Hash
	next  map[events.StreamID]events.Revision
	now   time.Time
}

func newForgery() *forgery {
	return &forgery{heads: map[events.StreamID]events.Hash{}, next: map[events.StreamID]events.Revision{},
		now: time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)}
}

func (f *forgery) add(stream events.StreamID, facts ...events.Fact) {
	for _, fact := range facts {
		f.put(stream, fact.Name(), fact.AppendJSON(nil))
	}
}

func (f *forgery) put(stream events.StreamID, name string, data []byte) {
	e := events.Recorded{
		Event:  events.Event{ID: events.EventID("forged", len(f.log)), Type: name, Data: data},
		Stream: stream, Revision: f.next[stream], Position: events.Position(len(f.log) + 1), Created: f.now,
	}
	e.Metadata, f.heads[stream] = events.Seal(nil, f.heads[stream], stream, e.Revision, &e.Event, &events.Metadata{CommandID: "forged", Actor: "ada", At: f.now})
	f.next[stream]++
	f.log = append(f.log, e)
}

// wait lets time pass.
func (f *forgery) wait(d time.Duration) { f.now = f.now.Add(d) }

// verify returns what a verifier says, and where.
func (f *forgery) verify() error {
	v := NewVerifier(true)
	for i := range f.log {
		if err := v.Take(&f.log[i]); err != nil {
			return err
		}
	}
	return nil
}

// rid is the id of the nth reservation.
func rid(n int) string { return events.EventID("reservation", n).String() }

const holdFor = 300 * time.Second

func create(stock, limit int64) *events.ProductCreated {
	return &events.ProductCreated{ProductID: "a", DisplayName: "A", Stock: stock, Price: 5, LimitPerHolder: limit, HoldSeconds: 300}
}

func reserved(n int, holder string, quantity, remaining int64) *events.ProductReserved {
	return &events.ProductReserved{ReservationID: rid(n), Holder: holder, Quantity: quantity, Remaining: remaining}
}

func (f *forgery) held(n int, holder string, quantity, remaining int64) *events.ProductHeld {
	return &events.ProductHeld{ReservationID: rid(n), Holder: holder, Quantity: quantity, ExpiresAt: f.now.Add(holdFor), Remaining: remaining}
}

func confirmed(n int, holder string, quantity, remaining int64) *events.ProductConfirmed {
	return &events.ProductConfirmed{ReservationID: rid(n), Holder: holder, Quantity: quantity, Remaining: remaining}
}

func released(n int, holder string, quantity int64, was events.ReservationStatus, remaining int64) *events.ProductReleased {
	return &events.ProductReleased{ReservationID: rid(n), Holder: holder, Quantity: quantity, Was: was, Remaining: remaining}
}

func expired(until time.Time, n int, holder string, quantity, remaining int64) *events.ProductExpired {
	return &events.ProductExpired{Quantity: quantity, Remaining: remaining,
		Expired: []events.ExpiredHold{{ReservationID: rid(n), Holder: holder, Quantity: quantity, ExpiresAt: until}}}
}

// wholeLife is a log in which every fact occurs and no rule is broken.
func wholeLife() *forgery { return newForgery().wholeLife() }

func (f *forgery) wholeLife() *forgery {
	f.add("product-a", create(10, 4), reserved(1, "ada", 2, 8), f.held(2, "bob", 3, 5), f.held(3, "cy", 1, 4), f.held(4, "dee", 1, 3))
	until := f.now.Add(holdFor)
	f.wait(holdFor) // the last moment counts
	f.add("product-a", confirmed(2, "bob", 3, 3), released(1, "ada", 2, events.ReservationConfirmed, 5), released(3, "cy", 1, events.ReservationHeld, 6))
	f.wait(time.Nanosecond)
	f.add("product-a", expired(until, 4, "dee", 1, 7), &events.ProductEdited{DisplayName: "B", Stock: 20, LimitPerHolder: 1, Remaining: 17},
		reserved(5, "eve", 1, 16)) // bob has three, from before the limit was one
	b := create(3, 0)
	b.ProductID = "b"
	f.add("product-b", b, reserved(6, "ada", 3, 0))
	return f
}

func TestVerifierTakesWhatIsRight(t *testing.T) {
	f := wholeLife()
	if err := f.verify(); err != nil {
		t.Fatal(err)
	}
	f.log = slices.Delete(f.log, 11, 13)
	v := NewVerifier(true)
	for i := range f.log {
		if err := v.Take(&f.log[i]); err != nil {
			t.Fatal(err)
		}
	}
	if v.Events() != 11 || v.Streams() != 1 {
		t.Errorf("%d events of %d streams", v.Events(), v.Streams())
	}
}

// TestVerifierRules breaks every rule on purpose; the last event is the one that
// does.
func TestVerifierRules(t *testing.T) {
	broken := map[Rule]bool{RuleBytes: true, RuleViews: true} // those have tests of their own
	for _, test := range []struct {
		about string
		rule  Rule
		forge func(f *forgery)
	}{
		{"a gap in the positions", RulePositions, func(f *forgery) { f.add("product-a", create(1, 0)); f.log[0].Position = 2 }},
		{"a position twice", RulePositions, func(f *forgery) { f.add("product-a", create(9, 0), reserved(1, "ada", 1, 8)); f.log[1].Position = 1 }},
		{"the clock runs backwards", RuleClock, func(f *forgery) {
			f.add("product-a", create(9, 0))
			f.wait(-1)
			f.add("product-a", reserved(1, "ada", 1, 8))
		}},
		{"a gap in the revisions", RuleRevisions, func(f *forgery) {
			f.add("product-a", create(9, 0))
			f.next["product-a"]++
			f.add("product-a", reserved(1, "ada", 1, 8))
		}},
		{"a revision twice", RuleRevisions, func(f *forgery) {
			f.add("product-a", create(9, 0))
			f.next["product-a"]--
			f.add("product-a", reserved(1, "ada", 1, 8))
		}},
		{"a link to another event", RuleChain, func(f *forgery) {
			f.add("product-a", create(9, 0))
			f.heads["product-a"] = events.Hash{1}
			f.add("product-a", reserved(1, "ada", 1, 8))
		}},
		{"an unknown fact", RuleKnown, func(f *forgery) {
			f.add("product-a", create(9, 0))
			f.put("product-a", "product.vanished.v1", []byte("{}"))
		}},
		{"a fact with an unknown member", RuleKnown, func(f *forgery) { f.put("product-a", "product.created.v1", []byte(`{"colour":"red"}`)) }},
		{"an unknown category", RuleKnown, func(f *forgery) { f.add("ghost-a", create(9, 0)) }},
		{"no creation", RuleCreation, func(f *forgery) { f.add("product-a", reserved(1, "ada", 1, 8)) }},
		{"two creations", RuleCreation, func(f *forgery) { f.add("product-a", create(9, 0), create(9, 0)) }},
		{"another product's creation", RuleFigures, func(f *forgery) { f.add("product-b", create(9, 0)) }},
		{"sold more than there are", RuleOversold, func(f *forgery) {
			f.add("product-a", create(1, 0), reserved(1, "ada", 1, 0), reserved(2, "bob", 1, -1))
		}},
		{"held more than there are", RuleOversold, func(f *forgery) { f.add("product-a", create(1, 0), f.held(1, "ada", 2, -1)) }},
		{"a stock below what is sold", RuleOversold, func(f *forgery) {
			f.add("product-a", create(2, 0), reserved(1, "ada", 2, 0), &events.ProductEdited{Stock: 1, Remaining: -1})
		}},
		{"wrong remaining", RuleFigures, func(f *forgery) { f.add("product-a", create(9, 0), reserved(1, "ada", 1, 9)) }},
		{"nothing reserved", RuleFigures, func(f *forgery) { f.add("product-a", create(9, 0), reserved(1, "ada", 0, 9)) }},
		{"less than nothing reserved", RuleFigures, func(f *forgery) { f.add("product-a", create(9, 0), reserved(1, "ada", -1, 10)) }},
		{"no id", RuleFigures, func(f *forgery) {
			f.add("product-a", create(9, 0), &events.ProductReserved{ReservationID: "r1", Holder: "ada", Quantity: 1, Remaining: 8})
		}},
		{"a hold of another length", RuleFigures, func(f *forgery) {
			f.add("product-a", create(9, 0))
			h := f.held(1, "ada", 1, 8)
			f.wait(1)
			f.add("product-a", h)
		}},
		{"another quantity confirmed", RuleFigures, func(f *forgery) { f.add("product-a", create(9, 0), f.held(1, "ada", 2, 7), confirmed(1, "ada", 1, 7)) }},
		{"another quantity released", RuleFigures, func(f *forgery) {
			f.add("product-a", create(9, 0), reserved(1, "ada", 2, 7), released(1, "ada", 1, events.ReservationConfirmed, 8))
		}},
		{"another's reservation released", RuleFigures, func(f *forgery) {
			f.add("product-a", create(9, 0), reserved(1, "ada", 2, 7), released(1, "bob", 2, events.ReservationConfirmed, 9))
		}},
		{"a sale released as a hold", RuleFigures, func(f *forgery) {
			f.add("product-a", create(9, 0), reserved(1, "ada", 2, 7), released(1, "ada", 2, events.ReservationHeld, 9))
		}},
		{"nothing expires", RuleFigures, func(f *forgery) { f.add("product-a", create(9, 0), &events.ProductExpired{Remaining: 9}) }},
		{"a sum that is none", RuleFigures, func(f *forgery) {
			f.add("product-a", create(9, 0), f.held(1, "ada", 2, 7))
			until := f.now.Add(holdFor)
			f.wait(holdFor + 1)
			e := expired(until, 1, "ada", 2, 8)
			e.Quantity = 1
			f.add("product-a", e)
		}},
		{"expiry with another deadline", RuleFigures, func(f *forgery) {
			f.add("product-a", create(9, 0), f.held(1, "ada", 2, 7))
			f.wait(holdFor + 1)
			f.add("product-a", expired(f.now, 1, "ada", 2, 9))
		}},
		{"made twice", RuleReservations, func(f *forgery) { f.add("product-a", create(9, 0), reserved(1, "ada", 1, 8), reserved(1, "ada", 1, 7)) }},
		{"made again", RuleReservations, func(f *forgery) {
			f.add("product-a", create(9, 0), reserved(1, "ada", 1, 8), released(1, "ada", 1, events.ReservationConfirmed, 9), reserved(1, "ada", 1, 8))
		}},
		{"released twice", RuleReservations, func(f *forgery) {
			f.add("product-a", create(9, 0), reserved(2, "ada", 1, 8), reserved(1, "ada", 1, 7), released(1, "ada", 1, events.ReservationConfirmed, 8), released(1, "ada", 1, events.ReservationConfirmed, 9))
		}},
		{"confirmed and never held", RuleReservations, func(f *forgery) { f.add("product-a", create(9, 0), f.held(1, "ada", 1, 8), confirmed(2, "ada", 1, 8)) }},
		{"confirmed twice", RuleReservations, func(f *forgery) {
			f.add("product-a", create(9, 0), f.held(2, "ada", 1, 8), f.held(1, "ada", 1, 7), confirmed(1, "ada", 1, 7), confirmed(1, "ada", 1, 7))
		}},
		{"a sale expires", RuleReservations, func(f *forgery) {
			f.add("product-a", create(9, 0), f.held(2, "bob", 1, 8), reserved(1, "ada", 1, 7))
			f.wait(holdFor + 1)
			f.add("product-a", expired(f.now.Add(-1), 1, "ada", 1, 8))
		}},
		{"confirmed too late", RuleDeadlines, func(f *forgery) {
			f.add("product-a", create(9, 0), f.held(1, "ada", 1, 8))
			f.wait(holdFor + 1)
			f.add("product-a", confirmed(1, "ada", 1, 8))
		}},
		{"expired too early", RuleDeadlines, func(f *forgery) {
			f.add("product-a", create(9, 0), f.held(1, "ada", 1, 8))
			f.wait(holdFor)
			f.add("product-a", expired(f.now, 1, "ada", 1, 9))
		}},
		{"more than the limit", RuleLimit, func(f *forgery) { f.add("product-a", create(9, 2), reserved(1, "ada", 1, 8), f.held(2, "ada", 2, 6)) }},
		{"more than a later limit", RuleLimit, func(f *forgery) {
			f.add("product-a", create(9, 0), reserved(1, "ada", 2, 7), &events.ProductEdited{Stock: 9, LimitPerHolder: 2, Remaining: 7}, reserved(2, "ada", 1, 6))
		}},
	} {
		f := newForgery()
		test.forge(f)
		err := f.verify()
		var v *Violation
		if !errors.As(err, &v) || v.Rule != test.rule || v.Position != f.log[len(f.log)-1].Position {
			t.Errorf("%s: %v; want one of %q at the last event", test.about, err, test.rule)
			continue
		}
		if !errors.Is(err, ErrViolated) || !strings.Contains(err.Error(), string(v.Stream)+"@") {
			t.Errorf("%s: the error is %v", test.about, err)
		}
		broken[test.rule] = true
	}
	for _, rule := range []Rule{RulePositions, RuleClock, RuleRevisions, RuleChain, RuleBytes, RuleKnown, RuleCreation, RuleOversold,
		RuleFigures, RuleReservations, RuleDeadlines, RuleLimit, RuleViews} {
		if !broken[rule] {
			t.Errorf("nothing breaks the rule %q", rule)
		}
	}
}

// TestVerifierSeesEveryByte changes each byte of each event, one at a time.
func TestVerifierSeesEveryByte(t *testing.T) {
	good := wholeLife()
	for i := range good.log {
		e := &good.log[i]
		for _, part := range []*[]byte{&e.Data, &e.Metadata} {
			for at := range *part {
				kept := *part
				*part = slices.Clone(kept)
				(*part)[at] ^= 1
				if good.verify() == nil {
					t.Fatalf("byte %d of %q can be changed", at, kept)
				}
				*part = kept
			}
		}
		for at := range e.ID {
			e.ID[at] ^= 1
			if good.verify() == nil {
				t.Fatalf("byte %d of the id can be changed", at)
			}
			e.ID[at] ^= 1
		}
	}
	if err := good.verify(); err != nil {
		t.Fatal(err)
	}
}

// slice is a store of events that somebody made.
type slice struct {
	events.Store
	log  []events.Recorded
	head events.Position
	fail error
	most int // events at once
}

func (s *slice) Head(context.Context) (events.Position, error) { return s.head, nil }

func (s *slice) ReadAll(_ context.Context, after events.Position, dir events.Direction, limit int) ([]events.Recorded, error) {
	if dir == events.Backward { // one, as TimeOf asks
		end := min(int(after)-1, len(s.log))
		return s.log[end-1 : end], nil
	}
	i, _ := slices.BinarySearchFunc(s.log, after+1, func(e events.Recorded, p events.Position) int { return int(e.Position) - int(p) })
	if i == len(s.log) {
		return nil, s.fail
	}
	return s.log[i:min(len(s.log), i+min(limit, s.most))], nil
}

func TestVerify(t *testing.T) {
	f := wholeLife()
	s := &slice{log: f.log, head: 12, most: 5} // the last event came while it was read
	seen := events.Position(0)
	verdict, err := Verify(t.Context(), s, true, func(at, head events.Position) { seen = at })
	if err != nil || verdict != (Verdict{Events: 12, Streams: 2, Head: 12}) || seen != 12 {
		t.Errorf("%+v, %v, progress up to %d", verdict, err, seen)
	}
	s.head = 14 // one more than there are
	if verdict, err = Verify(t.Context(), s, true, nil); !errors.Is(err, ErrViolated) || verdict.Events != 13 {
		t.Errorf("a log that ends too early: %+v, %v", verdict, err)
	}
	s.fail = events.ErrDamaged
	var v *Violation
	if _, err = Verify(t.Context(), s, true, nil); !errors.As(err, &v) || v.Rule != RuleBytes || v.Position != 14 {
		t.Errorf("damage: %v", err)
	}
	s.fail = events.ErrUnavailable
	if _, err = Verify(t.Context(), s, true, nil); !errors.Is(err, events.ErrUnavailable) || errors.Is(err, ErrViolated) {
		t.Errorf("no answer: %v", err)
	}
}
