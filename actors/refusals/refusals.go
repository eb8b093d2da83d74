package refusals

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"admitone/events"
)

// Config of a recorder. Zero values are what is said in brackets.
type Config struct {
	Store events.Store
	// PerSecond and PerDay bound what is kept (1,000 and 500,000).
	PerSecond, PerDay int
	// Every is how long refusals wait for others that are written with them (200 ms).
	Every  time.Duration
	Logger *slog.Logger
}

// Refusal is a command that was refused.
type Refusal struct {
	events.RefusalRecorded
	// RequestID of the request, Actor who made it, At when it was decided.
	RequestID, Actor string
	At               time.Time
}

// tellEvery is how often it is written down that some were dropped.
const tellEvery = 10 * time.Second

// batchSize is how many are written at once, batchBytes about how much: an EventStoreDB
// takes a mebibyte.
const (
	batchSize  = 512
	batchBytes = 512 << 10
)

// size is about how many bytes a refusal has in the log.
func (r *Refusal) size() int {
	size := 1<<10 + len(r.Path) + len(r.Stream) + len(r.Holder) + len(r.Detail) + len(r.BeatenStream) + len(r.RequestID) + len(r.Actor)
	for _, names := range [][]string{r.Seats, r.TeamIDs} {
		for _, name := range names {
			size += len(name) + 3
		}
	}
	return size
}

// Recorder keeps refusals. Its methods may be called from many goroutines.
type Recorder struct {
	config Config
	wake   chan struct{} // holds one if there is something to write

	mu      sync.Mutex
	waiting []Refusal
	second  window
	day     window
	lost    int64     // not written down yet
	since   time.Time // the first of those
	kept    uint64
	dropped uint64

	// The rest belongs to Run.
	tail tail
	told time.Time
}

// window counts what has come in a stretch of time.
type window struct {
	begin time.Time
	count int
}

// take counts one more, unless there are as many as may be.
func (w *window) take(at time.Time, length time.Duration, most int) bool {
	if begin := at.Truncate(length); begin.After(w.begin) {
		*w = window{begin: begin}
	}
	if w.count >= most {
		return false
	}
	w.count++
	return true
}

// New returns a recorder; Run has to be called for it to write.
func New(c Config) *Recorder {
	if c.PerSecond == 0 {
		c.PerSecond = 1000
	}
	if c.PerDay == 0 {
		c.PerDay = 500_000
	}
	if c.Every == 0 {
		c.Every = 200 * time.Millisecond
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return &Recorder{config: c, wake: make(chan struct{}, 1)}
}

// Record keeps a refusal, or counts it as dropped if there are too many. It never
// waits for the log.
func (r *Recorder) Record(refusal Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fits := len(r.waiting) < 4*r.config.PerSecond // the log may not answer
	if fits && r.second.take(refusal.At, time.Second, r.config.PerSecond) && r.day.take(refusal.At, 24*time.Hour, r.config.PerDay) {
		r.waiting = append(r.waiting, refusal)
	} else {
		r.drop(1, refusal.At)
	}
	r.rouse()
}

// drop counts some that are not kept; mu must be held.
func (r *Recorder) drop(n int, at time.Time) {
	if r.lost == 0 {
		r.since = at
	}
	r.lost += int64(n)
	r.dropped += uint64(n)
}

func (r *Recorder) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Kept is how many refusals are in the log by now, Dropped how many are not.
func (r *Recorder) Kept() uint64 { r.mu.Lock(); defer r.mu.Unlock(); return r.kept }

// Dropped is how many refusals were not kept.
func (r *Recorder) Dropped() uint64 { r.mu.Lock(); defer r.mu.Unlock(); return r.dropped }

// Run writes until ctx ends, and then what is left. It is called once.
func (r *Recorder) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
		case <-r.wake:
			select {
			case <-ctx.Done():
			case <-time.After(r.config.Every):
			}
		}
		ending := ctx.Err() != nil
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		r.writeAll(limit, ending)
		cancel()
		if ending {
			return ctx.Err()
		}
	}
}

// writeAll writes what waits, day by day.
func (r *Recorder) writeAll(ctx context.Context, ending bool) {
	for {
		batch, stream := r.next()
		facts := make([]entry, 0, len(batch)+1)
		for i := range batch {
			r.beaten(ctx, &batch[i])
			facts = append(facts, entry{&batch[i].RefusalRecorded, events.Metadata{CorrelationID: batch[i].RequestID, CausationID: batch[i].RequestID, Actor: batch[i].Actor, At: batch[i].At}})
		}
		if told, ok := r.losses(ending); ok {
			if stream == "" {
				stream = events.RefusalsOf(told.metadata.At)
			}
			facts = append(facts, told)
		}
		if len(facts) == 0 {
			return
		}
		if err := r.append(ctx, stream, facts); err != nil {
			r.config.Logger.Warn("refusals can't be written down", "count", len(batch), "error", err)
			r.mu.Lock()
			r.drop(len(batch), time.Now())
			r.mu.Unlock()
			return
		}
		r.mu.Lock()
		r.kept += uint64(len(batch))
		r.mu.Unlock()
	}
}

// next takes the oldest that wait and belong into one stream.
func (r *Recorder) next() (batch []Refusal, stream events.StreamID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for size := 0; n < len(r.waiting) && n < batchSize && size < batchBytes && (n == 0 || events.RefusalsOf(r.waiting[n].At) == stream); n++ {
		stream = events.RefusalsOf(r.waiting[n].At)
		size += r.waiting[n].size()
	}
	batch, r.waiting = r.waiting[:n:n], r.waiting[n:]
	if len(r.waiting) == 0 {
		r.waiting = nil
	}
	return batch, stream
}

// losses says how many were dropped, if it is time to.
func (r *Recorder) losses(ending bool) (told entry, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.lost == 0 {
		return told, false
	}
	if !ending && now.Sub(r.told) < tellEvery {
		r.rouse()
		return told, false
	}
	told = entry{&events.RefusalsDropped{Count: r.lost, Since: r.since}, events.Metadata{CausationID: "dropped", Actor: "system", At: now}}
	r.lost, r.told = 0, now
	return told, true
}
