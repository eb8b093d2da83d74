package actors

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// lampsLeft returns the remaining units according to a desk.
func lampsLeft(t testing.TB, d *Desk) (left int64) {
	t.Helper()
	if _, err := d.View(context.Background(), lamp,
		func(c core.Core) { left = c.(*product.Product).Remaining() }); err != nil {
		t.Error(err)
	}
	return left
}

// TestAppendsOfAnotherDesk: a desk that has observed another desk's append neither decides nor answers
// on its stale state.
func TestAppendsOfAnotherDesk(t *testing.T) {
	store := openLog(t, t.TempDir())
	here, there := openDesk(t, store, nil), openDesk(t, store, nil)
	mustCreate(t, here, 1)
	if _, err := ask(here, one("ann")); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(here, one("bob")); code(err) != "sold_out" {
		t.Fatalf("got %v, want sold_out", err)
	}
	stock := int64(3)
	answer, err := ask(there, &product.Edit{Stock: &stock})
	if err != nil {
		t.Fatal(err)
	}
	before := here.Stats()
	here.Observe(lamp, answer.Revision-1) // a revision that it already has
	if left, loads := lampsLeft(t, here), here.Stats().Loads; left != 0 || loads != before.Loads {
		t.Errorf("remaining = %d after %d loads, want 0 after %d: nothing new was observed", left, loads, before.Loads)
	}
	here.Observe(lamp, answer.Revision)
	here.Observe("product-unknown", 7)
	if left := lampsLeft(t, here); left != 2 {
		t.Errorf("remaining = %d, want 2", left)
	}
	if _, err := ask(here, one("bob")); err != nil {
		t.Errorf("a command that the observed events permit: %v, want success", err)
	}
}

// TestObservingWhileBusy: a desk that observes everything, its own events included, loses nothing and
// ends with the state of the log.
func TestObservingWhileBusy(t *testing.T) {
	store := openLog(t, t.TempDir())
	desks := []*Desk{openDesk(t, store, nil), openDesk(t, store, nil)}
	mustCreate(t, desks[0], 10_000)
	ctx, stop := context.WithCancel(context.Background())
	var followers, crowd sync.WaitGroup
	appended := make(chan events.Revision, 100_000)
	followers.Go(func() {
		_ = store.Follow(ctx, 0, func(batch []events.Recorded) error {
			for i := range batch {
				for _, d := range desks {
					d.Observe(batch[i].Stream, batch[i].Revision)
				}
				appended <- batch[i].Revision
			}
			return nil
		})
	})
	for i := range 16 {
		crowd.Go(func() {
			for range 50 {
				if _, err := ask(desks[i%2], one("ann")); err != nil {
					t.Error(err)
				}
				lampsLeft(t, desks[(i+1)%2])
			}
		})
	}
	crowd.Wait()
	for revision := range appended {
		if revision == 800 {
			break
		}
	}
	stop()
	followers.Wait()
	for i, d := range desks {
		if left := lampsLeft(t, d); left != 10_000-800 {
			t.Errorf("desk %d: remaining = %d, want %d", i, left, 10_000-800)
		}
	}
}

// lenientStore is a log that accepts known events again, as an EventStoreDB does: it compares only
// their ids.
type lenientStore struct{ events.Store }

// Append also accepts events whose ids are in the log.
func (s lenientStore) Append(
	ctx context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	appended, err := s.Store.Append(ctx, stream, expected, batch)
	if !errors.Is(err, events.ErrConflict) {
		return appended, err
	}
	stored, readErr := s.Read(ctx, stream, expected+1, events.Forward, len(batch))
	if readErr != nil || len(stored) < len(batch) {
		return appended, err
	}
	for i := range batch {
		if stored[i].ID != batch[i].ID {
			return appended, err
		}
	}
	last := stored[len(batch)-1]
	return events.Appended{Revision: last.Revision, Position: last.Position}, nil
}

// TestOneKeyAtTwoDesks: a retry on another desk, which has not observed the first request yet, gets
// the same answer; and that desk's next append is chained to the log.
func TestOneKeyAtTwoDesks(t *testing.T) {
	store := lenientStore{openLog(t, t.TempDir())}
	here, there := openDesk(t, store, nil), openDesk(t, store, nil)
	mustCreate(t, here, 9)
	lampsLeft(t, there)
	reserve := func(d *Desk) (Answer, error) {
		return d.Ask(t.Context(), Request{Stream: lamp, Command: one("ann"), ID: KeyedCommandID("ann", "k"), Actor: "ann"})
	}
	first, err := reserve(here)
	if err != nil {
		t.Fatal(err)
	}
	again, err := reserve(there)
	if first.Replayed = true; err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("the retry: %+v, %v; want %+v", again, err, first)
	}
	if _, err := ask(there, one("bob")); err != nil {
		t.Error(err)
	}
	var hash events.Hash
	for e, err := range events.Stream(t.Context(), store, lamp, 0) {
		if err == nil {
			hash, err = events.CheckLink(hash, &e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
