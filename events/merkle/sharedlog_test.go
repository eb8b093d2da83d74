package merkle

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/events"
)

// sharedLog is a log in memory with gaps between positions and events of other programs, like an EventStoreDB.
// Internal streams can be appended to and read, but ReadAll does not return their events.
type sharedLog struct {
	events.Store

	mu      sync.Mutex
	all     []events.Recorded // in the order of the log, without internal streams
	streams map[events.StreamID][]events.Recorded
	grown   chan struct{} // closed when an append has added events
	last    events.Position
	// before is called at the beginning of each append, if set.
	before func()
	// headReads counts the reads of heads.
	headReads atomic.Int64
}

func newSharedLog() *sharedLog {
	return &sharedLog{grown: make(chan struct{}), streams: map[events.StreamID][]events.Recorded{}}
}

func (l *sharedLog) Epoch() string { return "e7" }

// Append implements events.Store.
func (l *sharedLog) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	if l.before != nil {
		l.before()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := events.Revision(len(l.streams[stream])) - 1; last != expected {
		return events.Appended{}, &events.ConflictError{Stream: stream, Last: last, Expected: expected}
	}
	for _, e := range batch {
		l.last += 100 + events.Position(len(e.Data))
		r := events.Recorded{Event: e, Stream: stream, Revision: events.Revision(len(l.streams[stream])), Position: l.last,
			Created: time.Date(2031, 5, 1, 20, 0, 0, int(l.last)*100, time.UTC)}
		l.streams[stream] = append(l.streams[stream], r)
		if !stream.Internal() {
			l.all = append(l.all, r)
		}
	}
	close(l.grown)
	l.grown = make(chan struct{})
	return events.Appended{Position: l.last}, ctx.Err()
}

// Read implements events.Store.
func (l *sharedLog) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if stream == events.HeadsStream {
		l.headReads.Add(1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.streams[stream])
	if dir == events.Backward {
		slices.Reverse(all)
		from = max(0, events.Revision(len(all))-1-from)
	}
	all = all[min(int(from), len(all)):]
	return all[:min(limit, len(all))], ctx.Err()
}

// ReadAll implements events.Store.
func (l *sharedLog) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var page []events.Recorded
	for i := range l.all {
		e := l.all[i]
		if dir == events.Backward {
			e = l.all[len(l.all)-1-i]
		}
		if len(page) < limit && (dir == events.Forward && e.Position > from || dir == events.Backward && e.Position < from) {
			page = append(page, e)
		}
	}
	return page, ctx.Err()
}

// Follow implements events.Store.
func (l *sharedLog) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	for {
		l.mu.Lock()
		grown := l.grown
		l.mu.Unlock()
		page, err := l.ReadAll(ctx, after, events.Forward, 37)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			select {
			case <-grown:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		after = page[len(page)-1].Position
		if err := handle(page); err != nil {
			return err
		}
	}
}

// add appends n events of this system to several streams, and twice as many of other programs. It returns the
// position of the last event of this system.
func (l *sharedLog) add(t testing.TB, n int) events.Position {
	t.Helper()
	for range n {
		l.mu.Lock()
		stream := events.NewStreamID([]string{"product", "unheard"}[len(l.all)%2], fmt.Sprint(len(l.all)%3))
		before, at := l.streams[stream], int(l.last)
		l.mu.Unlock()
		hash, revision := events.Hash{}, events.Revision(len(before))
		if revision > 0 {
			hash, _ = events.RecordedHash(before[revision-1].Metadata)
		}
		e := events.Event{ID: events.EventID("own"+string(stream), int(revision)), Type: "product.renamed.v1",
			Data: fmt.Appendf(nil, `{"name":"%d"}`, revision)}
		e.Metadata, _ = events.Seal(nil, hash, stream, revision, &e, &events.Metadata{CommandID: "c", Actor: "ada",
			At: time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)})
		l.mustAppend(t, stream, e)
		// A foreign event, and a copy of ours in a stream of another program.
		l.mustAppend(t, "their-orders", events.Event{ID: events.EventID("plain", at), Type: "theirs",
			Data: []byte(`{}`)})
		l.mustAppend(t, "copies", e)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[len(l.all)-3].Position
}

func (l *sharedLog) mustAppend(t testing.TB, stream events.StreamID, e events.Event) {
	t.Helper()
	l.mu.Lock()
	last := events.Revision(len(l.streams[stream])) - 1
	l.mu.Unlock()
	if _, err := l.Append(context.Background(), stream, last, []events.Event{e}); err != nil {
		t.Fatal(err)
	}
}

// ownEvents returns this system's events.
func (l *sharedLog) ownEvents() (own []events.Recorded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.all {
		if c := e.Stream.Category(); c == "product" || c == "unheard" {
			own = append(own, e)
		}
	}
	return own
}

// heads returns the heads in the log.
func (l *sharedLog) heads() (all []headSigned) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.streams[events.HeadsStream] {
		var f headSigned
		if e.Type == signedType && json.Unmarshal(e.Data, &f) == nil {
			all = append(all, f)
		}
	}
	return all
}

// node starts a server's tree on the log. It runs until stop is called or the test ends.
func (l *sharedLog) node(
	t testing.TB,
	name, dir string,
	key *Key,
	every time.Duration,
) (tree *SharedTree, stop func()) {
	t.Helper()
	tree, err := OpenShared(SharedConfig{Store: l, Dir: dir, Key: key, Node: name, Every: every, Logger: discardLogger})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tree.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("%s: Run: %v, want %v", name, err, context.Canceled)
		}
		if err := tree.Close(context.Background()); err != nil {
			t.Errorf("%s: Close: %v", name, err)
		}
	})
	t.Cleanup(stop)
	return tree, stop
}

// ownReceipt returns the receipt of the n-th event of this system after verifying it.
func (l *sharedLog) ownReceipt(t testing.TB, tree *SharedTree, n int) []byte {
	t.Helper()
	want := l.ownEvents()[n-1]
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	text, err := tree.Receipt(ctx, want.Position)
	if err != nil {
		t.Fatalf("Receipt of own event %d: %v", n, err)
	}
	r, err := CheckReceipt(text, keyOf(t, "e7", 1).Verifier())
	if err != nil || r.Ordinal != int64(n) || Leaf(&r.Event) != Leaf(&want) {
		t.Fatalf("CheckReceipt of own event %d = %+v, %v; want ordinal %d and the event\n%s", n, r, err, n, text)
	}
	return text
}

// checkOwn checks the log against its heads and those in against.
func (l *sharedLog) checkOwn(t testing.TB, against ...Head) (*OwnCheck, error) {
	t.Helper()
	c, err := NewOwnCheck(t.Context(), l, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range against {
		c.Against(h)
	}
	for _, e := range l.all {
		if err := c.Take(t.Context(), &e); err != nil {
			return c, err
		}
	}
	return c, c.End(t.Context())
}
