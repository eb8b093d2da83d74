package refusals

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/events"
	"admitone/events/embedded"
)

// at is the usual time of refusals, just before midnight.
var at = time.Date(2031, 5, 1, 23, 59, 59, 0, time.UTC)

func openLog(t *testing.T) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(filepath.Join(t.TempDir(), "log"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// runAll runs recorders until everything is written.
func runAll(recorders ...*Recorder) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var all sync.WaitGroup
	for _, r := range recorders {
		all.Go(func() { r.Run(ctx) })
	}
	all.Wait()
}

func recorder(s events.Store, c Config) *Recorder {
	c.Store, c.Logger = s, slog.New(slog.DiscardHandler)
	return New(c)
}

func refusal(n int, when time.Time) Refusal {
	return Refusal{
		RefusalRecorded: events.RefusalRecorded{
			Method:  "POST",
			Path:    "/v1/products/a/reservations",
			Stream:  "product-a",
			Holder:  events.Holder(fmt.Sprint("h", n)),
			Seats:   []events.SeatName{},
			TeamIDs: []events.TeamID{},
			Code:    "sold_out",
		},
		RequestID: fmt.Sprint("r", n),
		Actor:     fmt.Sprint("h", n),
		At:        when,
	}
}

// readDay returns the holders of a day's refusals and the numbers of dropped ones, and checks the hash
// chain.
func readDay(t *testing.T, s events.Store, stream events.StreamID) (all []string) {
	t.Helper()
	hash := events.Hash{}
	for e, err := range events.Stream(t.Context(), s, stream, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if hash, err = events.CheckLink(hash, &e); err != nil {
			t.Fatal(err)
		}
		fact, err := e.Decode()
		if err != nil {
			t.Fatal(err)
		}
		switch f := fact.(type) {
		case *events.RefusalRecorded:
			m, err := events.ParseMetadata(e.Metadata)
			if err != nil || events.Holder(m.Actor) != f.Holder || m.CorrelationID != "r"+string(f.Holder[1:]) {
				t.Errorf("metadata = %+v of %+v, %v; want actor %s and its request", m, f, err, f.Holder)
			}
			all = append(all, string(f.Holder))
		case *events.RefusalsDropped:
			all = append(all, fmt.Sprint("dropped ", f.Count))
		}
	}
	return all
}

// TestOneStreamPerDay: refusals are in the stream of their day, in order, with actor and request, also
// from two recorders on one log.
func TestOneStreamPerDay(t *testing.T) {
	s := openLog(t)
	a, b := recorder(s, Config{}), recorder(s, Config{})
	for i := range 600 {
		a.Record(refusal(i, at))
	}
	a.Record(refusal(600, at.Add(time.Second)))
	for i := range 700 {
		b.Record(refusal(1000+i, at))
	}
	runAll(a, b)
	first, second := readDay(t, s, "refusals-2031-05-01"), readDay(t, s, "refusals-2031-05-02")
	seen := map[string]bool{}
	for _, holder := range first {
		seen[holder] = true
	}
	if len(first) != 1300 || len(seen) != 1300 || strings.Join(second, " ") != "h600" {
		t.Errorf("%d on the first day, %d of them different, want 1300; %v on the second, want h600", len(first), len(seen),
			second)
	}
	if a.Kept()+b.Kept() != 1301 || a.Dropped()+b.Dropped() != 0 {
		t.Errorf("kept %d and %d, want 1301 together; dropped %d and %d, want none", a.Kept(), b.Kept(), a.Dropped(),
			b.Dropped())
	}
	c := recorder(s, Config{}) // continues the existing stream
	c.Record(refusal(7, at))
	runAll(c)
	if first = readDay(t, s, "refusals-2031-05-01"); len(first) != 1301 || first[1300] != "h7" {
		t.Errorf("%d refusals, want 1301; the last is %q, want h7", len(first), first[len(first)-1])
	}
}

// TestBounds: refusals beyond the limits per second or day are counted, and the number is recorded.
func TestBounds(t *testing.T) {
	s := openLog(t)
	r := recorder(s, Config{PerSecond: 2, PerDay: 5})
	day := at.Truncate(24 * time.Hour)
	for i := range 12 { // four seconds with three each
		r.Record(refusal(i, day.Add(time.Duration(i/3)*time.Second)))
	}
	runAll(r)
	if got := strings.Join(readDay(t, s, "refusals-2031-05-01"), " "); !strings.HasPrefix(got, "h0 h1 h3 h4 h6") ||
		strings.Contains(got, "h7") {
		t.Errorf("kept %s, want h0 h1 h3 h4 h6", got)
	}
	var reports []string
	for e, err := range events.All(t.Context(), s, 0) {
		if err == nil && e.Type == "refusals.dropped.v1" {
			reports = append(reports, string(e.Data))
		}
	}
	if r.Kept() != 5 || r.Dropped() != 7 || len(reports) != 1 ||
		!strings.Contains(reports[0], `"count":7,"since":"2031-05-01T00:00:00Z"`) {
		t.Errorf("kept %d, want 5; dropped %d, want 7; recorded %q, want 7 since midnight", r.Kept(), r.Dropped(), reports)
	}
}

// faulty is a store whose first appends fail.
type faulty struct {
	events.Store
	failBefore, failAfter int // the number of appends that fail before or after they are written
}

func (f *faulty) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	if f.failBefore > 0 {
		f.failBefore--
		return events.Appended{}, events.ErrUnavailable
	}
	appended, err := f.Store.Append(ctx, stream, expected, batch)
	if f.failAfter > 0 {
		f.failAfter--
		return events.Appended{}, errors.Join(events.ErrUnknown, err)
	}
	return appended, err
}

// TestFaults: refusals that were written although the append failed are not written twice, and those that
// can't be written are counted.
func TestFaults(t *testing.T) {
	s := openLog(t)
	r := recorder(&faulty{Store: s, failAfter: 1}, Config{})
	r.Record(refusal(1, at))
	r.Record(refusal(2, at))
	runAll(r)
	if got := strings.Join(readDay(t, s, "refusals-2031-05-01"), " "); got != "h1 h2" || r.Kept() != 2 {
		t.Errorf("after an unknown outcome: recorded %q, want h1 h2; kept %d, want 2", got, r.Kept())
	}
	r = recorder(&faulty{Store: s, failBefore: 1}, Config{})
	r.Record(refusal(3, at))
	runAll(r)
	if r.Kept() != 0 || r.Dropped() != 1 {
		t.Errorf("on an unavailable log: kept %d, want 0; dropped %d, want 1", r.Kept(), r.Dropped())
	}
}

// TestFindCause: the cause is the newest fact at the time of the decision, not a later one.
func TestFindCause(t *testing.T) {
	s := openLog(t)
	hash := events.Hash{}
	for i := range 3 {
		e := events.Event{ID: events.EventID("x", i), Type: "seat.blocked.v1", Data: []byte("{}")}
		e.Metadata, hash = events.Seal(nil, hash, "seat-a~A-1-1", events.Revision(i), &e,
			&events.Metadata{At: at.Add(time.Duration(i) * time.Minute)})
		if _, err := s.Append(t.Context(), "seat-a~A-1-1", events.Revision(i)-1, []events.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	r := recorder(s, Config{})
	refused := refusal(1, at.Add(90*time.Second))
	refused.BeatenStream = "seat-a~A-1-1"
	r.findCause(t.Context(), &refused)
	if refused.BeatenRevision != 1 || refused.BeatenPosition != 2 {
		t.Errorf("cause = revision %d at position %d, want 1 at 2", refused.BeatenRevision, refused.BeatenPosition)
	}
	refused = refusal(1, at.Add(-time.Second))
	refused.BeatenStream = "seat-a~A-1-1"
	r.findCause(t.Context(), &refused)
	if refused.BeatenStream != "" || refused.BeatenRevision != -1 || refused.BeatenPosition != 0 {
		t.Errorf("cause before the first fact = %+v, want stream \"\", revision -1, position 0", refused)
	}
}

// TestRefusalsOfOneActorAreBounded: the refusals of one actor are bounded, and those of others are still
// recorded; exempt actors are not bounded, and the next day starts anew.
func TestRefusalsOfOneActorAreBounded(t *testing.T) {
	s := openLog(t)
	r := recorder(s, Config{PerActor: 3})
	record := func(n int, when time.Time, bounded bool) {
		refused := refusal(n, when)
		refused.Bounded = bounded
		r.Record(refused)
	}
	for range 9 {
		record(1, at, true)
	}
	record(2, at, true)
	for range 5 {
		record(3, at, false)
	}
	record(1, at.Add(time.Minute), true)
	if r.Dropped() != 6 {
		t.Errorf("dropped %d, want 6", r.Dropped())
	}
	runAll(r)
	kept := map[string]int{}
	for _, stream := range []events.StreamID{events.RefusalsOf(at), events.RefusalsOf(at.Add(time.Minute))} {
		for _, actor := range readDay(t, s, stream) {
			kept[actor]++
		}
	}
	if kept["h1"] != 4 || kept["h2"] != 1 || kept["h3"] != 5 {
		t.Errorf("kept by actor = %v, want h1 4, h2 1, h3 5", kept)
	}
}
