package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"admitone/events"
)

// Target is a store under test.
type Target struct {
	// Open returns a store. The suite closes it.
	Open func(t *testing.T) events.Store
	// Reopen opens the contents of a closed store again. If it is nil, the tests that need it are skipped.
	Reopen func(t *testing.T, store events.Store) events.Store
}

// testTimeout bounds every test, so that a broken store fails instead of hanging.
const testTimeout = 2 * time.Minute

// Run runs the whole suite on the target, including RunSnapshots. Tests of optional interfaces are skipped for stores
// that do not implement them. It returns the names of the skipped tests, so that the caller can compare them with a
// list: a suite must not shrink silently.
func Run(t *testing.T, target Target) (skipped []string) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"ExpectedRevision", expectedRevision},
		{"ConflictWritesNothing", conflictWritesNothing},
		{"OneWinnerPerRevision", oneWinnerPerRevision},
		{"ConcurrentStreams", concurrentStreams},
		{"BatchIsAtomic", batchIsAtomic},
		{"BytesArePreserved", bytesArePreserved},
		{"ReadForward", readForward},
		{"ReadBackward", readBackward},
		{"ReadEmpty", readEmpty},
		{"ReadAllForward", readAllForward},
		{"ReadAllBackward", readAllBackward},
		{"StreamIterator", streamIterator},
		{"StreamsWithSimilarNames", similarNames},
		{"Created", created},
		{"Head", head},
		{"FollowFromBefore", followFromBefore},
		{"FollowFromMiddle", followFromMiddle},
		{"FollowFromHead", followFromHead},
		{"FollowDuringAppends", followDuringAppends},
		{"FollowTwice", followTwice},
		{"FollowBlockedFollower", followBlocked},
		{"FollowHandlerFails", followHandlerFails},
		{"FollowContext", followContext},
		{"ContextEndedBefore", contextEndedBefore},
		{"Close", closing},
		{"Reopen", reopen},
		{"AppendAll", appendAllToStreams},
		{"AppendAllConflict", appendAllConflict},
		{"AppendAllConcurrently", appendAllConcurrently},
		{"AppendAllRefused", appendAllRefused},
		{"AppendThen", appendThenResults},
		{"AppendThenConcurrently", appendThenConcurrently},
		{"AppendThenRefused", appendThenRefused},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Cleanup(func() { skipped = noteSkipped(t, skipped, test.name) })
			start(t, target, test.run)
		})
	}
	t.Run("Snapshots", func(t *testing.T) {
		for _, name := range RunSnapshots(t, target) {
			skipped = append(skipped, "Snapshots/"+name)
		}
	})
	return skipped
}

// noteSkipped adds the name of a test if it was skipped.
func noteSkipped(t *testing.T, skipped []string, name string) []string {
	if t.Skipped() {
		skipped = append(skipped, name)
	}
	return skipped
}

// suite is the state of one test of one store.
type suite struct {
	*testing.T
	target Target
	store  events.Store
	ctx    context.Context
	run    string          // the id of the run
	begin  events.Position // the head at the start of the test
	made   atomic.Int64    // the number of events created by batch
	closed bool            // the test has closed the store
}

func start(t *testing.T, target Target, test func(*suite)) {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	var id [6]byte
	_, _ = rand.Read(id[:])
	b := &suite{T: t, target: target, store: target.Open(t), ctx: ctx, run: hex.EncodeToString(id[:])}
	defer func() {
		if !b.closed {
			b.noErr(b.store.Close())
		}
	}()
	begin, err := b.store.Head(ctx)
	b.noErr(err)
	b.begin = begin
	test(b)
	if !b.closed && !t.Failed() {
		b.checkLog()
	}
}

func (b *suite) noErr(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// wantErr fails the test unless err is want.
func (b *suite) wantErr(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("error %v, want %v", err, want)
	}
}

// stream returns the name of a stream of this run.
func (b *suite) stream(name string) events.StreamID {
	return events.NewStreamID("storetest", b.run+"~"+name)
}

// isOwn reports whether an event of the whole log belongs to this run.
func (b *suite) isOwn(r events.Recorded) bool {
	return strings.HasPrefix(string(r.Stream), "storetest-"+b.run+"~")
}

// batch returns n new events. They have different ids, data and metadata.
func (b *suite) batch(n int) []events.Event {
	batch := make([]events.Event, n)
	for i := range batch {
		k := b.made.Add(1)
		batch[i] = events.Event{
			ID:       events.EventID(b.run, int(k)),
			Type:     fmt.Sprintf("storetest.made%d.v1", k%3),
			Data:     fmt.Appendf(nil, `{"n":%d}`, k),
			Metadata: fmt.Appendf(nil, `{"command_id":"%s-%d"}`, b.run, k),
		}
		// EventID uses only 16 bits of the index. The others make the id unique.
		batch[i].ID[0], batch[i].ID[1] = byte(k>>24), byte(k>>16)
	}
	return batch
}

// append appends a batch and fails the test on an error.
func (b *suite) append(stream events.StreamID, expected events.Revision, batch []events.Event) events.Appended {
	b.Helper()
	appended, err := b.store.Append(b.ctx, stream, expected, batch)
	b.noErr(err)
	if want := expected + events.Revision(len(batch)); appended.Revision != want {
		b.Fatalf("Append to %s returned revision %d, want %d", stream, appended.Revision, want)
	}
	return appended
}

// fill appends n events one by one and returns them.
func (b *suite) fill(stream events.StreamID, n int) []events.Event {
	b.Helper()
	batch := b.batch(n)
	for i := range batch {
		b.append(stream, events.Revision(i)-1, batch[i:i+1])
	}
	return batch
}

func (b *suite) read(stream events.StreamID, from events.Revision, dir events.Direction, limit int) []events.Recorded {
	b.Helper()
	page, err := b.store.Read(b.ctx, stream, from, dir, limit)
	b.noErr(err)
	return page
}

// checkAppended compares a page, which begins at revision first, with the events that were appended. step is -1 if
// the page was read backward.
func (b *suite) checkAppended(page []events.Recorded, want []events.Event, first, step events.Revision) {
	b.Helper()
	if len(page) != len(want) {
		b.Fatalf("read %d events, want %d", len(page), len(want))
	}
	for i := range page {
		e := &want[i]
		if step < 0 {
			e = &want[len(want)-1-i]
		}
		if revision := first + step*events.Revision(i); page[i].Revision != revision {
			b.Fatalf("event %d has revision %d, want %d", i, page[i].Revision, revision)
		}
		if err := diff(&page[i].Event, e); err != nil {
			b.Fatalf("event %d: %v", i, err)
		}
	}
}

// diff returns an error with the first difference of two events, nil if they are equal.
func diff(got, want *events.Event) error {
	switch {
	case got.ID != want.ID:
		return fmt.Errorf("id %s, want %s", got.ID, want.ID)
	case got.Type != want.Type:
		return fmt.Errorf("type %q, want %q", got.Type, want.Type)
	case !bytes.Equal(got.Data, want.Data):
		return fmt.Errorf("data %q, want %q", got.Data, want.Data)
	case !bytes.Equal(got.Metadata, want.Metadata):
		return fmt.Errorf("metadata %q, want %q", got.Metadata, want.Metadata)
	}
	return nil
}

// log returns this run's events in the order of the log.
func (b *suite) log() []events.Recorded {
	b.Helper()
	var all []events.Recorded
	for r, err := range events.All(b.ctx, b.store, b.begin) {
		b.noErr(err)
		if b.isOwn(r) {
			all = append(all, r)
		}
	}
	return all
}

// checkLog checks the invariants of a log: positions increase, Created does not decrease, the revisions of each stream
// have no gaps, and the streams have the events of the log.
func (b *suite) checkLog() {
	b.Helper()
	perStream := make(map[events.StreamID][]events.Recorded)
	var before events.Recorded
	for _, r := range b.log() {
		if r.Position <= before.Position {
			b.Fatalf("position %d follows %d, want ascending positions", r.Position, before.Position)
		}
		if r.Created.Before(before.Created) {
			b.Fatalf("Created %s follows %s, want ascending times", r.Created, before.Created)
		}
		if want := events.Revision(len(perStream[r.Stream])); r.Revision != want {
			b.Fatalf("%s: revision %d in the log, want %d", r.Stream, r.Revision, want)
		}
		perStream[r.Stream] = append(perStream[r.Stream], r)
		before = r
	}
	for stream, want := range perStream {
		b.checkEqual(b.read(stream, 0, events.Forward, len(want)+1), want)
	}
}

// checkEqual compares two reads of the same events.
func (b *suite) checkEqual(got, want []events.Recorded) {
	b.Helper()
	if len(got) != len(want) {
		b.Fatalf("read %d events, want %d", len(got), len(want))
	}
	for i := range got {
		g, w := &got[i], &want[i]
		if g.Stream != w.Stream || g.Revision != w.Revision || g.Position != w.Position || !g.Created.Equal(w.Created) {
			b.Fatalf("event %d is %s@%d at %d (%s), want %s@%d at %d (%s)", i,
				g.Stream, g.Revision, g.Position, g.Created, w.Stream, w.Revision, w.Position, w.Created)
		}
		if err := diff(&g.Event, &w.Event); err != nil {
			b.Fatalf("event %d: %v", i, err)
		}
	}
}
