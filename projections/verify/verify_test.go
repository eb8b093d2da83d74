package verify_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// verifyAll returns the verifier's error for a log.
func verifyAll(log []events.Recorded) error {
	v := verify.New(true)
	for i := range log {
		if err := v.Check(&log[i]); err != nil {
			return err
		}
	}
	return nil
}

func TestVerifierAcceptsCorrectLogs(t *testing.T) {
	f := logtest.CompleteSale()
	if err := verifyAll(f.Log); err != nil {
		t.Fatal(err)
	}
	f.Log = slices.Delete(f.Log, 11, 13)
	v := verify.New(true)
	for i := range f.Log {
		if err := v.Check(&f.Log[i]); err != nil {
			t.Fatal(err)
		}
	}
	if v.Events() != 11 || v.Streams() != 1 {
		t.Errorf("%d events of %d streams, want 11 of 1", v.Events(), v.Streams())
	}
}

// timedProduct returns the creation of product a, whose sale opens and closes after the given durations; 0 means no
// time.
func timedProduct(f *logtest.Forgery, opens, closes time.Duration) *events.ProductCreated {
	made := logtest.Created(9, 0)
	if opens != 0 {
		made.OpensAt = f.Now.Add(opens)
	}
	if closes != 0 {
		made.ClosesAt = f.Now.Add(closes)
	}
	return made
}

// TestVerifierAcceptsTimes: units are sold from the opening until just before the closing, and again after the opening
// was moved.
func TestVerifierAcceptsTimes(t *testing.T) {
	f := logtest.NewForgery()
	made := timedProduct(f, 1, 3)
	f.Add("product-a", made)
	f.Wait(1)
	f.Add("product-a", &events.ProductOpened{OpensAt: made.OpensAt, Remaining: 9}, logtest.Reserved(1, "ada", 1, 8))
	f.Wait(1)
	f.Add("product-a", f.Held(2, "ada", 1, 7))
	f.Wait(1)
	f.Add("product-a", &events.ProductClosed{ClosesAt: made.ClosesAt, Remaining: 7},
		&events.ProductConfirmed{ReservationID: logtest.ReservationID(2), Holder: "ada", Quantity: 1, Remaining: 7})
	later := events.SaleTimes{OpensAt: f.Now.Add(1)}
	f.Add("product-a", &events.ProductEdited{DisplayName: "A", Stock: 9, Remaining: 7, SaleTimes: later})
	f.Wait(1)
	f.Add("product-a", &events.ProductOpened{OpensAt: later.OpensAt, Remaining: 7}, logtest.Reserved(3, "bob", 1, 6))
	if err := verifyAll(f.Log); err != nil {
		t.Fatal(err)
	}
}

// TestVerifierRules breaks every rule; the last event of each log breaks it.
func TestVerifierRules(t *testing.T) {
	broken := map[verify.Rule]bool{verify.RuleBytes: true, verify.RuleViews: true} // broken by other tests
	for _, test := range []struct {
		name  string
		rule  verify.Rule
		forge func(f *logtest.Forgery)
	}{
		{"a gap in the positions", verify.RulePositions,
			func(f *logtest.Forgery) { f.Add("product-a", logtest.Created(1, 0)); f.Log[0].Position = 2 }},
		{"a duplicate position", verify.RulePositions, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 1, 8))
			f.Log[1].Position = 1
		}},
		{"the clock runs backwards", verify.RuleClock, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Wait(-1)
			f.Add("product-a", logtest.Reserved(1, "ada", 1, 8))
		}},
		{"a gap in the revisions", verify.RuleRevisions, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Next["product-a"]++
			f.Add("product-a", logtest.Reserved(1, "ada", 1, 8))
		}},
		{"a duplicate revision", verify.RuleRevisions, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Next["product-a"]--
			f.Add("product-a", logtest.Reserved(1, "ada", 1, 8))
		}},
		{"a link to a different event", verify.RuleChain, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Heads["product-a"] = events.Hash{1}
			f.Add("product-a", logtest.Reserved(1, "ada", 1, 8))
		}},
		{"an unknown fact", verify.RuleKnown, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Put("product-a", "product.vanished.v1", []byte("{}"))
		}},
		{"a fact with an unknown member", verify.RuleKnown,
			func(f *logtest.Forgery) { f.Put("product-a", "product.created.v1", []byte(`{"colour":"red"}`)) }},
		{"an unknown category", verify.RuleKnown, func(f *logtest.Forgery) { f.Add("ghost-a", logtest.Created(9, 0)) }},
		{"no creation", verify.RuleCreation, func(f *logtest.Forgery) { f.Add("product-a", logtest.Reserved(1, "ada", 1, 8)) }},
		{"two creations", verify.RuleCreation,
			func(f *logtest.Forgery) { f.Add("product-a", logtest.Created(9, 0), logtest.Created(9, 0)) }},
		{"the creation of a different product", verify.RuleFigures,
			func(f *logtest.Forgery) { f.Add("product-b", logtest.Created(9, 0)) }},
		{"sold before it opens", verify.RuleTimes, func(f *logtest.Forgery) {
			f.Add("product-a", timedProduct(f, 1, 0))
			f.Add("product-a", logtest.Reserved(1, "ada", 1, 8))
		}},
		{"held when it has closed", verify.RuleTimes, func(f *logtest.Forgery) {
			f.Add("product-a", timedProduct(f, -2, 1))
			f.Wait(1)
			f.Add("product-a", f.Held(1, "ada", 1, 8))
		}},
		{"closed before it opens", verify.RuleTimes, func(f *logtest.Forgery) { f.Add("product-a", timedProduct(f, 1, 1)) }},
		{"opened before its time", verify.RuleTimes, func(f *logtest.Forgery) {
			made := timedProduct(f, 1, 0)
			f.Add("product-a", made, &events.ProductOpened{OpensAt: made.OpensAt, Remaining: 9})
		}},
		{"opened at the wrong time", verify.RuleFigures, func(f *logtest.Forgery) {
			made := timedProduct(f, -2, 0)
			f.Add("product-a", made, &events.ProductOpened{OpensAt: made.OpensAt.Add(1), Remaining: 9})
		}},
		{"closed twice", verify.RuleTimes, func(f *logtest.Forgery) {
			made := timedProduct(f, 0, -1)
			closed := &events.ProductClosed{ClosesAt: made.ClosesAt, Remaining: 9}
			f.Add("product-a", made, closed, closed)
		}},
		{"opened without a time", verify.RuleTimes, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), &events.ProductOpened{OpensAt: f.Now, Remaining: 9})
		}},
		{"sold more than there are", verify.RuleOversold, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(1, 0), logtest.Reserved(1, "ada", 1, 0), logtest.Reserved(2, "bob", 1, -1))
		}},
		{"held more than there are", verify.RuleOversold,
			func(f *logtest.Forgery) { f.Add("product-a", logtest.Created(1, 0), f.Held(1, "ada", 2, -1)) }},
		{"a stock below what is sold", verify.RuleOversold, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(2, 0), logtest.Reserved(1, "ada", 2, 0),
				&events.ProductEdited{Stock: 1, Remaining: -1})
		}},
		{"wrong remaining", verify.RuleFigures,
			func(f *logtest.Forgery) { f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 1, 9)) }},
		{"a reservation of no units", verify.RuleFigures,
			func(f *logtest.Forgery) { f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 0, 9)) }},
		{"a negative quantity reserved", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", -1, 10))
		}},
		{"an invalid reservation id", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0),
				&events.ProductReserved{ReservationID: "r1", Holder: "ada", Quantity: 1, Remaining: 8})
		}},
		{"a hold of the wrong length", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			h := f.Held(1, "ada", 1, 8)
			f.Wait(1)
			f.Add("product-a", h)
		}},
		{"the wrong quantity confirmed", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), f.Held(1, "ada", 2, 7), logtest.Confirmed(1, "ada", 1, 7))
		}},
		{"the wrong quantity released", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 2, 7),
				logtest.Released(1, "ada", 1, events.ReservationConfirmed, 8))
		}},
		{"the reservation of a different holder released", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 2, 7),
				logtest.Released(1, "bob", 2, events.ReservationConfirmed, 9))
		}},
		{"a sale released as a hold", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 2, 7),
				logtest.Released(1, "ada", 2, events.ReservationHeld, 9))
		}},
		{"an expiry of no holds", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), &events.ProductExpired{Remaining: 9})
		}},
		{"a wrong sum of expired units", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), f.Held(1, "ada", 2, 7))
			until := f.Now.Add(logtest.HoldFor)
			f.Wait(logtest.HoldFor + 1)
			e := logtest.Expired(until, 1, "ada", 2, 8)
			e.Quantity = 1
			f.Add("product-a", e)
		}},
		{"expiry with the wrong deadline", verify.RuleFigures, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), f.Held(1, "ada", 2, 7))
			f.Wait(logtest.HoldFor + 1)
			f.Add("product-a", logtest.Expired(f.Now, 1, "ada", 2, 9))
		}},
		{"a duplicate reservation", verify.RuleReservations, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 1, 8), logtest.Reserved(1, "ada", 1, 7))
		}},
		{"a released reservation made again", verify.RuleReservations, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 1, 8),
				logtest.Released(1, "ada", 1, events.ReservationConfirmed, 9), logtest.Reserved(1, "ada", 1, 8))
		}},
		{"released twice", verify.RuleReservations, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(2, "ada", 1, 8), logtest.Reserved(1, "ada", 1, 7),
				logtest.Released(1, "ada", 1, events.ReservationConfirmed, 8),
				logtest.Released(1, "ada", 1, events.ReservationConfirmed, 9))
		}},
		{"confirmed but never held", verify.RuleReservations, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), f.Held(1, "ada", 1, 8), logtest.Confirmed(2, "ada", 1, 8))
		}},
		{"confirmed twice", verify.RuleReservations, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), f.Held(2, "ada", 1, 8), f.Held(1, "ada", 1, 7),
				logtest.Confirmed(1, "ada", 1, 7), logtest.Confirmed(1, "ada", 1, 7))
		}},
		{"a sale expires", verify.RuleReservations, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), f.Held(2, "bob", 1, 8), logtest.Reserved(1, "ada", 1, 7))
			f.Wait(logtest.HoldFor + 1)
			f.Add("product-a", logtest.Expired(f.Now.Add(-1), 1, "ada", 1, 8))
		}},
		{"confirmed too late", verify.RuleDeadlines, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), f.Held(1, "ada", 1, 8))
			f.Wait(logtest.HoldFor + 1)
			f.Add("product-a", logtest.Confirmed(1, "ada", 1, 8))
		}},
		{"expired too early", verify.RuleDeadlines, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), f.Held(1, "ada", 1, 8))
			f.Wait(logtest.HoldFor)
			f.Add("product-a", logtest.Expired(f.Now, 1, "ada", 1, 9))
		}},
		{"more than the limit", verify.RuleLimit, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 2), logtest.Reserved(1, "ada", 1, 8), f.Held(2, "ada", 2, 6))
		}},
		{"more than a later limit", verify.RuleLimit, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 2, 7),
				&events.ProductEdited{Stock: 9, LimitPerHolder: 2, Remaining: 7}, logtest.Reserved(2, "ada", 1, 6))
		}},
	} {
		f := logtest.NewForgery()
		test.forge(f)
		err := verifyAll(f.Log)
		var v *verify.Violation
		if !errors.As(err, &v) || v.Rule != test.rule || v.Position != f.Log[len(f.Log)-1].Position {
			t.Errorf("%s: %v; want a violation of %q at the last event", test.name, err, test.rule)
			continue
		}
		if !strings.Contains(err.Error(), string(v.Stream)+"@") {
			t.Errorf("%s: %v, want an error that names the stream %s", test.name, err, v.Stream)
		}
		broken[test.rule] = true
	}
	for _, rule := range []verify.Rule{verify.RulePositions, verify.RuleClock, verify.RuleRevisions, verify.RuleChain,
		verify.RuleBytes, verify.RuleKnown, verify.RuleCreation, verify.RuleOversold,
		verify.RuleFigures, verify.RuleReservations, verify.RuleDeadlines, verify.RuleTimes, verify.RuleLimit,
		verify.RuleViews} {
		if !broken[rule] {
			t.Errorf("no case breaks the rule %q", rule)
		}
	}
}

// TestVerifierSeesEveryByte changes each byte of each event, one at a time.
func TestVerifierSeesEveryByte(t *testing.T) {
	good := logtest.CompleteSale()
	for i := range good.Log {
		e := &good.Log[i]
		for _, part := range []*[]byte{&e.Data, &e.Metadata} {
			for at := range *part {
				original := *part
				*part = slices.Clone(original)
				(*part)[at] ^= 1
				if verifyAll(good.Log) == nil {
					t.Fatalf("event %d: no violation after a change of byte %d of %q, want one", i, at, original)
				}
				*part = original
			}
		}
		for at := range e.ID {
			e.ID[at] ^= 1
			if verifyAll(good.Log) == nil {
				t.Fatalf("event %d: no violation after a change of byte %d of the id, want one", i, at)
			}
			e.ID[at] ^= 1
		}
	}
	if err := verifyAll(good.Log); err != nil {
		t.Fatal(err)
	}
}

// TestVerify: Log checks the events up to the head that the log has when it begins, and returns the store's errors.
func TestVerify(t *testing.T) {
	f := logtest.CompleteSale()
	s := &logtest.Store{Log: f.Log, End: 12, MaxRead: 5} // event 13 is after the head
	seen := events.Position(0)
	verdict, err := verify.Log(t.Context(), s, true, func(at, head events.Position) { seen = at })
	if err != nil || !reflect.DeepEqual(verdict, verify.Verdict{Events: 12, Streams: 2, Head: 12}) || seen != 12 {
		t.Errorf("Log: %+v, %v, progress up to %d; want 12 events of 2 streams", verdict, err, seen)
	}
	s.End = 14 // the log has 13 events
	var v *verify.Violation
	if verdict, err = verify.Log(t.Context(), s, true, nil); !errors.As(err, &v) || verdict.Events != 13 {
		t.Errorf("a log that ends before its head: %+v, %v; want a violation after 13 events", verdict, err)
	}
	s.Fail = events.ErrDamaged
	if _, err = verify.Log(t.Context(), s, true, nil); !errors.As(err, &v) || v.Rule != verify.RuleBytes ||
		v.Position != 14 {
		t.Errorf("a damaged log: %v, want %q at 14", err, verify.RuleBytes)
	}
	s.Fail = events.ErrUnavailable
	if _, err = verify.Log(t.Context(), s, true, nil); !errors.Is(err, events.ErrUnavailable) || errors.As(err, &v) {
		t.Errorf("an unavailable log: %v, want ErrUnavailable", err)
	}
}
