package verify_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// putForeign appends an event of another program.
func putForeign(f *logtest.Forgery, stream events.StreamID, metadata string) {
	f.Put(stream, "ItemPicked", []byte(`{"shelf":7}`))
	f.Log[len(f.Log)-1].Metadata = []byte(metadata)
}

// TestEventsOfOtherPrograms: they are counted by category, and not checked.
func TestEventsOfOtherPrograms(t *testing.T) {
	f := logtest.NewForgery()
	f.Add("product-a", logtest.Created(9, 0))
	copied := string(f.Log[0].Metadata)
	putForeign(f, "order-1", "")
	putForeign(f, "order-1", `{"$correlationId":"x"}`)
	putForeign(f, "product-of-theirs", "{}")
	putForeign(f, "copies-1", copied) // as a projection makes them
	f.Next["order-1"] += 7
	putForeign(f, "order-1", "")
	f.Add("product-a", logtest.Reserved(1, "ada", 1, 8))
	v := verify.New(true)
	for i := range f.Log {
		if err := v.Check(&f.Log[i]); err != nil {
			t.Fatal(err)
		}
	}
	want := []verify.Foreign{{Category: "order", Events: 3}, {Category: "copies", Events: 1},
		{Category: "product", Events: 1}}
	if got := v.Foreign(); !reflect.DeepEqual(got, want) || v.Streams() != 1 || v.Events() != 7 {
		t.Errorf("Foreign() = %+v, Streams() = %d, Events() = %d; want %+v, 1 and 7", got, v.Streams(), v.Events(), want)
	}
}

// TestStreamsOfTwoPrograms: an event of another program in a stream of this one, one of this program
// in another's, and a stream of this program whose beginning was changed.
func TestStreamsOfTwoPrograms(t *testing.T) {
	for about, test := range map[string]struct {
		rule  verify.Rule
		forge func(f *logtest.Forgery)
	}{
		"theirs in ours": {verify.RuleChain, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			putForeign(f, "product-a", "{}")
		}},
		"ours in theirs": {verify.RuleRevisions, func(f *logtest.Forgery) {
			putForeign(f, "product-a", "{}")
			f.Heads["product-a"] = events.Hash{}
			f.Add("product-a", logtest.Created(9, 0))
		}},
		"ours in theirs, of no known category": {verify.RuleKnown, func(f *logtest.Forgery) {
			putForeign(f, "order-1", "{}")
			f.Heads["order-1"] = events.Hash{}
			f.Put("order-1", "order.made.v1", []byte("{}"))
		}},
		"of a later version": {verify.RuleKnown, func(f *logtest.Forgery) { f.Put("locker-1", "locker.held.v1", []byte("{}")) }},
		"the first one without its metadata": {verify.RuleChain, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Log[0].Metadata = []byte("{}")
		}},
		"the first one of a different type": {verify.RuleChain, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Log[0].Type = "product.dreamt.v1"
		}},
	} {
		f := logtest.NewForgery()
		test.forge(f)
		var v *verify.Violation
		if err := verifyAll(f.Log); !errors.As(err, &v) || v.Rule != test.rule ||
			v.Position != f.Log[len(f.Log)-1].Position {
			t.Errorf("%s: %v; want one of %q", about, err, test.rule)
		}
	}
}

// TestClocksOfSeveralNodes: if each node has its own clock, times may run backwards.
func TestClocksOfSeveralNodes(t *testing.T) {
	f := logtest.NewForgery()
	f.Add("product-a", logtest.Created(9, 0), logtest.Reserved(1, "ada", 1, 8), logtest.Reserved(2, "ada", 1, 7))
	f.Log[1].Created = f.Log[1].Created.Add(-time.Second)
	v := verify.New(false)
	for i := range f.Log {
		if err := v.Check(&f.Log[i]); err != nil {
			t.Fatal(err)
		}
	}
	if v.Backwards() != 1 {
		t.Errorf("it ran backwards %d times, want once", v.Backwards())
	}
}

// TestKnownCategories: every category with rules is a known category, or it would count as another
// program's.
func TestKnownCategories(t *testing.T) {
	for _, category := range verify.Categories() {
		if !events.KnownCategory(category) {
			t.Errorf("events.KnownCategory(%q) is false, but the verifier checks it", category)
		}
	}
}
