package projections

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
)

// stadium returns the first fact of a performance with 100,000 seats.
func stadium(id events.PerformanceID) *events.PerformanceCreated {
	return &events.PerformanceCreated{PerformanceID: id,
		Sections: []events.Section{{ID: "A", Rows: 500, SeatsPerRow: 100}, {ID: "B", Rows: 500, SeatsPerRow: 100}}}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestUntouchedSeatsCostNothing: untouched seats take neither memory nor disk, except a little per section. The first
// touched seat of a block takes the memory of the block.
func TestUntouchedSeatsCostNothing(t *testing.T) {
	log := logtest.NewMemory()
	p := openIn(t, log, vfs.NewMem())
	defer p.Close()
	before := heapInUse()
	for n := range 10 {
		log.Add(logtest.PerformanceStream(fmt.Sprint("p", n)), stadium(events.PerformanceID(fmt.Sprint("p", n))))
	}
	if err := p.apply(log.Recorded); err != nil {
		t.Fatal(err)
	}
	if cost := heapInUse() - before; cost > 1<<20 {
		t.Errorf("ten performances of 100,000 seats take %d bytes, want at most 1 MiB", cost)
	}
	k := viewOf[*boxOffice](p)
	if len(k.blocks.young) != 0 {
		t.Errorf("%d blocks of untouched seats, want 0", len(k.blocks.young))
	}
	log.Add(logtest.SeatStream("p3", "A-7-7"), &events.SeatBlocked{})
	if err := p.apply(log.Recorded); err != nil || len(k.blocks.young) != 1 {
		t.Errorf("%d blocks for one touched seat, %v; want 1", len(k.blocks.young), err)
	}
}

// BenchmarkFoldSeats measures the fold of one event of a seat, like BenchmarkFold for a
// sale: the seats of a stadium are held in turn, and then released.
func BenchmarkFoldSeats(b *testing.B) {
	for _, subscribers := range []int{0, 100, 10_000} {
		b.Run(fmt.Sprintf("subscribers=%d", subscribers), func(b *testing.B) {
			log := logtest.NewMemory()
			log.Add(logtest.PerformanceStream("a"), stadium("a"))
			p, err := Open(Config{Store: log, Dir: b.TempDir(), Spawn: spawn})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			if err := p.apply(log.Recorded); err != nil {
				b.Fatal(err)
			}
			close(p.ready)
			for range subscribers {
				subscribe(b, p, "seats:a", live.Resume{}, &counter{})
			}
			benchmarkSeats(b, p)
		})
	}
}

func benchmarkSeats(b *testing.B, p *Projections) {
	l := events.NewLayout(stadium("a").Sections)
	streams := make([]events.StreamID, l.Seats())
	for seat := range streams {
		streams[seat] = logtest.SeatStream("a", string(l.Name(events.SeatIndex(seat))))
	}
	batch := make([]events.Recorded, 256)
	for i := range batch {
		batch[i] = logtest.Record("seat-a~A-1-1", 0, 0, &events.SeatBlocked{})
		batch[i].Metadata, _ = events.Seal(nil, events.Hash{}, "", 0, &batch[i].Event, &events.Metadata{})
	}
	until := time.Now().Add(time.Hour)
	position, n := p.Position(), 0
	b.ReportAllocs()
	for b.Loop() {
		if n%len(batch) == 0 && n > 0 {
			if err := p.apply(batch); err != nil {
				b.Fatal(err)
			}
			if n%8192 == 0 {
				p.mu.Lock()
				err := p.flush()
				p.mu.Unlock()
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		seat, round := n%len(streams), n/len(streams)
		hold := events.HoldID(fmt.Sprintf("b%d.1", seat/4))
		e := &batch[n%len(batch)]
		n++
		position++
		e.Stream, e.Revision, e.Position = streams[seat], events.Revision(round), position
		e.Fact = &events.SeatHeld{HoldID: hold, ExpiresAt: until}
		if round%2 == 1 {
			e.Fact = &events.SeatReleased{HoldID: hold, Was: events.SeatIsHeld}
		}
	}
}

// BenchmarkWakeSeats measures the time to index the deadlines of all seats of a stadium and to wake their entities,
// which do nothing.
func BenchmarkWakeSeats(b *testing.B) {
	for b.Loop() {
		d := newDeadlines(newLateness(false, nil))
		l := events.NewLayout(stadium("a").Sections)
		for seat := range events.SeatIndex(l.Seats()) {
			e := logtest.Record(logtest.SeatStream("a", string(l.Name(seat))), 0, events.Position(seat+1),
				&events.SeatHeld{HoldID: "b.1", ExpiresAt: time.Unix(1, 0)})
			if err := d.fold(&e, e.Fact.(events.Deadlined)); err != nil {
				b.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(b.Context())
		var woken atomic.Int64
		started := time.Now()
		d.run(ctx, func(context.Context, events.StreamID) (time.Time, error) {
			if woken.Add(1) == int64(l.Seats()) {
				cancel()
			}
			return time.Time{}, nil
		})
		b.ReportMetric(float64(time.Since(started).Milliseconds()), "ms/100k-wakes")
	}
}

// BenchmarkSeatMap measures reading the whole map of a stadium, which each choice of best seats needs.
func BenchmarkSeatMap(b *testing.B) {
	for _, touched := range []bool{false, true} {
		b.Run(fmt.Sprintf("touched=%t", touched), func(b *testing.B) {
			p := blockedStadium(b, touched)
			defer p.Close()
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := p.TakenSeats(b.Context(), "a"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSeatsSnapshot measures encoding the snapshot of a stadium's map.
func BenchmarkSeatsSnapshot(b *testing.B) {
	p := blockedStadium(b, true)
	defer p.Close()
	close(p.ready)
	p.mu.Lock()
	state, position, err := viewOf[*boxOffice](p).seatsState("a")
	p.mu.Unlock()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.SetBytes(int64(len(live.NewSnapshot("seats:a", "e", position, state).Bytes())))
	}
}

// blockedStadium returns the views of a stadium with every seat blocked, or none.
func blockedStadium(b *testing.B, blocked bool) *Projections {
	log := logtest.NewMemory()
	log.Add(logtest.PerformanceStream("a"), stadium("a"))
	l := events.NewLayout(stadium("a").Sections)
	for seat := events.SeatIndex(0); blocked && int(seat) < l.Seats(); seat++ {
		log.Recorded = append(log.Recorded, logtest.Record(logtest.SeatStream("a", string(l.Name(seat))), 0,
			events.Position(len(log.Recorded)+1), &events.SeatBlocked{}))
	}
	p := openViews(b, log, vfs.NewMem())
	if err := p.apply(log.Recorded); err != nil {
		b.Fatal(err)
	}
	return p
}
