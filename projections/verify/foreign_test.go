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

// TestEventsOfOtherPrograms: events of other programs are counted by category, and not checked.
func TestEventsOfOtherPrograms(t *testing.T) {
	f := logtest.NewForgery()
	f.Add("product-a", logtest.Created(9, 0))
	copied := string(f.Log[0].Metadata)
	putForeign(f, "order-1", "")
	putForeign(f, "order-1", `{"$correlationId":"x"}`)
	putForeign(f, "product-of-theirs", "{}")
	putForeign(f, "copies-1", copied) // like an event that a projection of EventStoreDB copied
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

// TestStreamsOfTwoPrograms: a stream with events of this system and another program is a violation, as is a stream
// whose first event was changed to look like another program's.
func TestStreamsOfTwoPrograms(t *testing.T) {
	for about, test := range map[string]struct {
		rule  verify.Rule
		forge func(f *logtest.Forgery)
	}{
		"foreign event in a stream of this system": {verify.RuleChain, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			putForeign(f, "product-a", "{}")
		}},
		"fact in a foreign stream": {verify.RuleRevisions, func(f *logtest.Forgery) {
			putForeign(f, "product-a", "{}")
			f.Heads["product-a"] = events.Hash{}
			f.Add("product-a", logtest.Created(9, 0))
		}},
		"fact in a foreign stream of an unknown category": {verify.RuleKnown, func(f *logtest.Forgery) {
			putForeign(f, "order-1", "{}")
			f.Heads["order-1"] = events.Hash{}
			f.Put("order-1", "order.made.v1", []byte("{}"))
		}},
		"fact of a later version": {verify.RuleKnown, func(f *logtest.Forgery) { f.Put("locker-1", "locker.held.v1", []byte("{}")) }},
		"first event without its metadata": {verify.RuleChain, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Log[0].Metadata = []byte("{}")
		}},
		"first event of a different type": {verify.RuleChain, func(f *logtest.Forgery) {
			f.Add("product-a", logtest.Created(9, 0))
			f.Log[0].Type = "product.dreamt.v1"
		}},
	} {
		f := logtest.NewForgery()
		test.forge(f)
		var v *verify.Violation
		if err := verifyAll(f.Log); !errors.As(err, &v) || v.Rule != test.rule ||
			v.Position != f.Log[len(f.Log)-1].Position {
			t.Errorf("%s: %v; want a violation of %q", about, err, test.rule)
		}
	}
}

// TestClocksOfSeveralNodes: in a log of several nodes, the clock may run backwards, which is counted.
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
		t.Errorf("Backwards() = %d, want 1", v.Backwards())
	}
}

// TestKnownCategories: every category with rules is known to package events. Streams of unknown categories count as
// those of other programs.
func TestKnownCategories(t *testing.T) {
	for _, category := range verify.Categories() {
		if !events.KnownCategory(category) {
			t.Errorf("events.KnownCategory(%q) is false, but the verifier checks it", category)
		}
	}
}
