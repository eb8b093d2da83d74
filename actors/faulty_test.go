package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"admitone/events"
)

// appendTo is the behaviour of a store on an append.
type appendTo func(ctx context.Context, log events.Store,
	stream events.StreamID, expected events.Revision, batch []events.Event) (events.Appended, error)

// faulty is a store with faults. An append has the next fault of the plan or a random one, or
// succeeds.
type faulty struct {
	events.Store

	mu      sync.Mutex
	plan    []appendTo // guarded by mu
	rng     *rand.Rand // guarded by mu; nil: no faults by chance
	late    []func()   // appends that land with a later read; guarded by mu
	lateNow int        // the late appends land with every lateNow-th read; 0 means with each
	reads   int        // guarded by mu
	badRead int        // number of further reads that fail; guarded by mu
	running sync.WaitGroup
}

// setFaults sets the faults of the next appends.
func (f *faulty) setFaults(plan ...appendTo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan = append(f.plan, plan...)
}

func (f *faulty) next() appendTo {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.plan) > 0 {
		next := f.plan[0]
		f.plan = f.plan[1:]
		return next
	}
	if f.rng == nil || f.rng.IntN(2) == 0 {
		return through
	}
	faults := []appendTo{lost, stored, unavailable, appendSlowly, f.landLate, f.landOnRead, hang, failAgain(f)}
	return faults[f.rng.IntN(len(faults))]
}

// Append implements events.Store.
func (f *faulty) Append(
	ctx context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	return f.next()(ctx, f.Store, stream, expected, batch)
}

// Read implements events.Store. A late append lands before or after it.
func (f *faulty) Read(
	ctx context.Context,
	stream events.StreamID,
	from events.Revision,
	dir events.Direction,
	limit int,
) ([]events.Recorded, error) {
	f.mu.Lock()
	f.reads++
	var late []func()
	if f.reads%max(1, f.lateNow) == 0 {
		late, f.late = f.late, nil
	}
	bad := f.badRead > 0
	if bad {
		f.badRead--
	}
	f.mu.Unlock()
	if bad {
		return nil, fmt.Errorf("%w: this read", events.ErrUnavailable)
	}
	page, err := f.Store.Read(ctx, stream, from, dir, limit)
	for _, land := range late {
		land()
	}
	return page, err
}

// landAll lets all late appends land.
func (f *faulty) landAll() {
	f.mu.Lock()
	late := f.late
	f.late = nil
	f.mu.Unlock()
	for _, land := range late {
		land()
	}
	f.running.Wait()
}

// The faults.

func through(
	ctx context.Context,
	log events.Store,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	return log.Append(ctx, stream, expected, batch)
}

// lost: the append fails and is not in the log.
func lost(context.Context, events.Store, events.StreamID, events.Revision, []events.Event) (events.Appended, error) {
	return events.Appended{}, fmt.Errorf("%w: lost", events.ErrUnknown)
}

// stored: the append fails but is in the log.
func stored(
	ctx context.Context,
	log events.Store,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	if _, err := log.Append(ctx, stream, expected, batch); err != nil {
		return events.Appended{}, err
	}
	return events.Appended{}, fmt.Errorf("%w: stored", events.ErrUnknown)
}

func unavailable(
	context.Context,
	events.Store,
	events.StreamID,
	events.Revision,
	[]events.Event,
) (events.Appended, error) {
	return events.Appended{}, fmt.Errorf("%w: down", events.ErrUnavailable)
}

// hang: the append hangs until its context ends.
func hang(
	ctx context.Context,
	_ events.Store,
	_ events.StreamID,
	_ events.Revision,
	_ []events.Event,
) (events.Appended, error) {
	<-ctx.Done()
	return events.Appended{}, fmt.Errorf("%w: %w", events.ErrUnknown, ctx.Err())
}

// appendSlowly: the append is delayed, so that another one can overtake it.
func appendSlowly(
	ctx context.Context,
	log events.Store,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	for range 3 {
		if _, err := log.Head(ctx); err != nil {
			return events.Appended{}, err
		}
	}
	return log.Append(ctx, stream, expected, batch)
}

// landLate: the outcome is unknown, and the append lands some time later.
func (f *faulty) landLate(
	_ context.Context,
	log events.Store,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	f.running.Go(func() { _, _ = log.Append(context.Background(), stream, expected, batch) })
	return events.Appended{}, fmt.Errorf("%w: late", events.ErrUnknown)
}

// landOnRead: the outcome is unknown, and the append lands right after a read that does not find it.
func (f *faulty) landOnRead(
	_ context.Context,
	log events.Store,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late = append(f.late, func() { _, _ = log.Append(context.Background(), stream, expected, batch) })
	return events.Appended{}, fmt.Errorf("%w: late", events.ErrUnknown)
}

// failAgain: the append is lost, and the next read fails as well.
func failAgain(f *faulty) appendTo {
	return func(context.Context, events.Store, events.StreamID, events.Revision, []events.Event) (events.Appended, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.badRead++
		return events.Appended{}, fmt.Errorf("%w: lost", events.ErrUnknown)
	}
}

// before runs act before the append.
func before(act func()) appendTo {
	return func(ctx context.Context, log events.Store,
		stream events.StreamID, expected events.Revision, batch []events.Event) (events.Appended, error) {
		act()
		return log.Append(ctx, stream, expected, batch)
	}
}

// openFaulty opens a log with faults.
func openFaulty(t testing.TB) *faulty {
	t.Helper()
	f := &faulty{Store: openLog(t, t.TempDir())}
	t.Cleanup(f.landAll)
	return f
}
