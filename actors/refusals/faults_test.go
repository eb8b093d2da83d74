package refusals

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
)

// memory is a log in memory, for synctest bubbles: an append takes as long as delay, and the first
// ones fail.
type memory struct {
	events.Store // the tests call only the methods below
	delay        time.Duration

	mu         sync.Mutex
	failures   int
	log        map[events.StreamID][]events.Recorded
	batchSizes []int // the number of events of each append
}

// Append implements events.Store.
func (m *memory) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	select {
	case <-ctx.Done():
		return events.Appended{}, fmt.Errorf("%w: %w", events.ErrUnavailable, ctx.Err())
	case <-time.After(m.delay):
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures > 0 {
		m.failures--
		return events.Appended{}, events.ErrUnavailable
	}
	if events.Revision(len(m.log[stream]))-1 != expected {
		return events.Appended{}, events.ErrConflict
	}
	if m.log == nil {
		m.log = map[events.StreamID][]events.Recorded{}
	}
	for _, e := range batch {
		revision := events.Revision(len(m.log[stream]))
		m.log[stream] = append(m.log[stream], events.Recorded{Event: e, Stream: stream, Revision: revision})
	}
	m.batchSizes = append(m.batchSizes, len(batch))
	return events.Appended{Revision: events.Revision(len(m.log[stream])) - 1}, nil
}

// Read implements events.Store, as far as needed to find the end.
func (m *memory) Read(_ context.Context, stream events.StreamID, _ events.Revision, _ events.Direction,
	_ int) ([]events.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.log[stream]
	return slices.Clone(all[max(0, len(all)-1):]), nil
}

// droppedCounts returns the recorded numbers of dropped refusals.
func (m *memory) droppedCounts() (counts []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, stream := range m.log {
		for _, e := range stream {
			if dropped, ok := e.Fact.(*events.RefusalsDropped); ok {
				counts = append(counts, fmt.Sprintf("%d since %s", dropped.Count, dropped.Since.Format(time.RFC3339)))
			}
		}
	}
	return counts
}

// runRecorder runs a recorder in a synctest bubble, and stops it.
func runRecorder(t *testing.T, m *memory, c Config, do func(r *Recorder)) (after *Recorder) {
	synctest.Test(t, func(*testing.T) {
		r := recorder(m, c)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		do(r)
		cancel()
		<-done
		after = r
	})
	return after
}

func advance(d time.Duration) { time.Sleep(d); synctest.Wait() }

// TestDroppedCountSurvivesAFailure: the number of dropped refusals is recorded later if the append fails,
// with the time of the first of them, and includes those of the failed append.
func TestDroppedCountSurvivesAFailure(t *testing.T) {
	m := &memory{failures: 1}
	r := runRecorder(t, m, Config{PerSecond: 2}, func(r *Recorder) {
		for i := range 7 {
			r.Record(refusal(i, at))
		}
		advance(time.Second) // the append of two refusals and the count of five fails
		r.Record(refusal(8, at.Add(time.Second)))
		advance(time.Second)
	})
	got := strings.Join(m.droppedCounts(), ", ")
	if got != "7 since 2031-05-01T23:59:59Z" || r.Kept() != 1 || r.Dropped() != 7 {
		t.Errorf("recorded as dropped: %q, want 7 since 2031-05-01T23:59:59Z; kept %d, want 1; dropped %d, want 7",
			got, r.Kept(), r.Dropped())
	}
}

// TestWaitingRefusalsAreWrittenAfterAFailure: they are written without a further refusal, and so is the
// number of dropped ones.
func TestWaitingRefusalsAreWrittenAfterAFailure(t *testing.T) {
	m := &memory{failures: 1}
	runRecorder(t, m, Config{}, func(r *Recorder) {
		for i := range 600 {
			r.Record(refusal(i, at))
		}
		advance(time.Second)
		if r.Kept() == 0 || r.Dropped() == 0 || r.Kept()+r.Dropped() != 600 {
			t.Errorf("a second after the failure: kept %d, dropped %d; want 600 in total, some of each", r.Kept(), r.Dropped())
		}
		advance(2 * reportEvery)
		if got := strings.Join(m.droppedCounts(), ", "); got != fmt.Sprintf("%d since 2031-05-01T23:59:59Z", r.Dropped()) {
			t.Errorf("recorded as dropped: %q, want %d since 2031-05-01T23:59:59Z", got, r.Dropped())
		}
	})
}

// TestUnwrittenRefusalsAreCountedAtTheEnd: refusals that an unavailable log did not accept count as dropped.
func TestUnwrittenRefusalsAreCountedAtTheEnd(t *testing.T) {
	m := &memory{failures: 100}
	r := runRecorder(t, m, Config{Every: time.Hour}, func(r *Recorder) {
		for i := range 600 {
			r.Record(refusal(i, at))
		}
	})
	if r.Kept() != 0 || r.Dropped() != 600 {
		t.Errorf("kept %d, want 0; dropped %d, want 600", r.Kept(), r.Dropped())
	}
}

// TestSlowLog: on a slow log the timeout applies to each batch, not to all of them together.
func TestSlowLog(t *testing.T) {
	m := &memory{delay: 2 * time.Second}
	runRecorder(t, m, Config{PerSecond: 5000}, func(r *Recorder) {
		for i := range 4*batchSize + 1 {
			r.Record(refusal(i, at))
		}
		advance(time.Minute)
		if r.Kept() != 4*batchSize+1 || r.Dropped() != 0 {
			t.Errorf("kept %d, want %d; dropped %d, want 0", r.Kept(), 4*batchSize+1, r.Dropped())
		}
	})
}

// TestSlowArrivalsAreBatched: refusals that arrive during an append are batched, too.
func TestSlowArrivalsAreBatched(t *testing.T) {
	m := &memory{delay: 10 * time.Millisecond}
	r := runRecorder(t, m, Config{Every: 200 * time.Millisecond}, func(r *Recorder) {
		for i := range 2000 { // one every millisecond, over a midnight
			r.Record(refusal(i, at.Add(time.Duration(i)*time.Millisecond)))
			advance(time.Millisecond)
		}
	})
	if len(m.batchSizes) > 12 || r.Kept() != 2000 {
		t.Errorf("%d appends in two seconds, want at most 12; kept %d, want 2000", len(m.batchSizes), r.Kept())
	}
}
