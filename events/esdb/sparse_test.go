package esdb

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"admitone/events"
	"admitone/events/esdbwire"
	"admitone/events/storetest"
)

// sparse is a log whose positions have gaps, like those of an EventStoreDB.
type sparse struct{ events.Store }

// The positions are first, first+gap, first+2*gap and so on.
const first, gap = 10_000, 137

func toSparse(p events.Position) events.Position {
	if p == 0 || p == events.EndPosition {
		return p
	}
	return first + (p-1)*gap
}

// countUpTo returns the number of events at positions up to p.
func countUpTo(p events.Position) events.Position {
	if p < first {
		return 0
	}
	return (p-first)/gap + 1
}

func (s sparse) toSparse(page []events.Recorded) []events.Recorded {
	page = slices.Clone(page)
	for i := range page {
		page[i].Position = toSparse(page[i].Position)
	}
	return page
}

func (s sparse) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	appended, err := s.Store.Append(ctx, stream, expected, batch)
	appended.Position = toSparse(appended.Position)
	return appended, err
}

func (s sparse) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	page, err := s.Store.Read(ctx, stream, from, dir, limit)
	return s.toSparse(page), err
}

func (s sparse) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	at := countUpTo(from)
	if dir == events.Backward {
		at = events.EndPosition
		if from < events.EndPosition {
			at = countUpTo(max(from, 1)-1) + 1
		}
	}
	page, err := s.Store.ReadAll(ctx, at, dir, limit)
	return s.toSparse(page), err
}

func (s sparse) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	return s.Store.Follow(ctx, countUpTo(after), func(page []events.Recorded) error { return handle(s.toSparse(page)) })
}

func (s sparse) Head(ctx context.Context) (events.Position, error) {
	head, err := s.Store.Head(ctx)
	return toSparse(head), err
}

// strict refuses to read from positions without an event, as an EventStoreDB does.
func strict(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(server, strictStream{stream})
}

type strictStream struct{ grpc.ServerStream }

func (s strictStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	request, ok := m.(*streams.ReadReq)
	if !ok {
		return nil
	}
	at := request.GetOptions().GetAll().GetPosition()
	if at == nil || at.GetCommitPosition() >= first && (at.GetCommitPosition()-first)%gap == 0 {
		return nil
	}
	if request.GetOptions().GetSubscription() != nil {
		return status.Error(codes.InvalidArgument, "invalid position")
	}
	return status.Error(codes.Unknown, "Unexpected ReadAllResult: InvalidPosition")
}

// serveSparse serves a sparse log that refuses to read from positions without an event.
func serveSparse(t testing.TB) *testServer {
	return serve(t, sparse{openLog(t, t.TempDir())}, "127.0.0.1:0", esdbwire.Config{
		Writable: true, Options: []grpc.ServerOption{grpc.StreamInterceptor(strict)},
	})
}

// TestConformanceSparse: nothing depends on consecutive positions, or on a node that reads from any
// position.
func TestConformanceSparse(t *testing.T) {
	checkSkipped(t, "sparse", storetest.Run(t, storetest.Target{
		Open: func(t *testing.T) events.Store {
			at := serveSparse(t)
			t.Cleanup(func() { at.stop(t) })
			return connect(t, at.address)
		},
	}))
}

// TestAnyPosition reads and follows from positions without an event, with and without known
// positions.
func TestAnyPosition(t *testing.T) {
	at := serveSparse(t)
	defer at.stop(t)
	s := connect(t, at.address)
	defer func() { s.Close() }()
	const n = 40
	batch := sampleBatch("product-1", n)
	for i := range batch {
		if _, err := s.Append(t.Context(), "product-1", events.Revision(i)-1, batch[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.ReadAll(t.Context(), 0, events.Forward, 2*n)
	if err != nil || len(all) != n {
		t.Fatalf("%d events, %v, want %d", len(all), err, n)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 300 {
		if i%20 == 0 {
			s.Close()
			s = connect(t, at.address)
		}
		from := all[0].Position - 3*gap + events.Position(random.IntN((n+6)*gap))
		if random.IntN(3) == 0 {
			from = all[random.IntN(n)].Position + events.Position(random.IntN(3)) - 1
		}
		dir, limit := events.Direction(random.IntN(2) == 0), 1+random.IntN(n+3)
		got, err := s.ReadAll(t.Context(), from, dir, limit)
		if err != nil {
			t.Fatalf("reading from %d (backward %t), limit %d: %v", from, dir, limit, err)
		}
		checkEqual(t, got, modelReadAll(all, from, dir, limit))
		if dir == events.Backward || from >= all[n-1].Position {
			continue
		}
		want := modelReadAll(all, from, events.Forward, n)
		var followed []events.Recorded
		errStop := errors.New("enough")
		err = s.Follow(t.Context(), from, func(page []events.Recorded) error {
			if followed = append(followed, page...); len(followed) >= len(want) {
				return errStop
			}
			return nil
		})
		if !errors.Is(err, errStop) {
			t.Fatalf("following from %d: %v, want %v", from, err, errStop)
		}
		checkEqual(t, followed, want)
	}
	for i := range all { // events of one burst may have the same time
		found, err := events.PositionAt(t.Context(), s, all[i].Created)
		if err != nil || found < all[i].Position {
			t.Fatalf("at %v: position %d, %v, want at least %d", all[i].Created, found, err, all[i].Position)
		}
	}
	if found, err := events.PositionAt(t.Context(), s, all[0].Created.Add(-time.Hour)); err != nil || found != 0 {
		t.Fatalf("an hour before: %d, %v, want 0", found, err)
	}
}

// modelReadAll returns what ReadAll has to return.
func modelReadAll(all []events.Recorded, from events.Position, dir events.Direction, limit int) []events.Recorded {
	var page []events.Recorded
	for _, r := range all {
		if dir == events.Forward && r.Position > from || dir == events.Backward && r.Position < from {
			page = append(page, r)
		}
	}
	if dir == events.Backward {
		slices.Reverse(page)
	}
	return page[:min(limit, len(page))]
}

func checkEqual(t *testing.T, got, want []events.Recorded) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b events.Recorded) bool { return a.Position == b.Position && a.ID == b.ID }) {
		t.Fatalf("%d events %v, want %d %v", len(got), positions(got), len(want), positions(want))
	}
}

func positions(page []events.Recorded) (at []events.Position) {
	for _, r := range page {
		at = append(at, r.Position)
	}
	return at
}
