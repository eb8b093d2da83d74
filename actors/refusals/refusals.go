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
	// PerSecond and PerDay bound what is kept (1,000 and 500,000), PerActor what is kept of
	// one actor in a day (10,000).
	PerSecond, PerDay, PerActor int
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
	// Bounded says that PerActor is for this one.
	Bounded bool
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
	size := 1<<10 + len(
		r.Path,
	) + len(
		r.Stream,
	) + len(
		r.Holder,
	) + len(
		r.Detail,
	) + len(
		r.BeatenStream,
	) + len(
		r.RequestID,
	) + len(
		r.Actor,
	)
	return size + listSize(r.Seats) + listSize(r.TeamIDs)
}

func listSize[S ~string](list []S) (size int) {
	for _, s := range list {
		size += len(s) + 3
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
	actors  map[string]int // refusals of this day, by actor
	lost    int64          // not written down yet
	since   time.Time      // the first of those
	kept    uint64
	dropped uint64

	// The rest belongs to Run.
	tail tail
	told time.Time // when it was last tried to write down how many were dropped
}

// window counts what has come in a stretch of time.
type window struct {
	begin time.Time
	count int
}

// allow counts one more, unless there are as many as may be.
func (w *window) allow(at time.Time, length time.Duration, most int) bool {
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
	if c.PerActor == 0 {
		c.PerActor = 10_000
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
	if fits && !r.spent(&refusal) && r.second.allow(refusal.At, time.Second, r.config.PerSecond) &&
		r.day.allow(refusal.At, 24*time.Hour, r.config.PerDay) {
		r.actors[refusal.Actor]++
		r.waiting = append(r.waiting, refusal)
	} else {
		r.drop(1, refusal.At)
	}
	r.rouse()
}

// spent says that so many refusals of an actor are kept that the day would be theirs
// alone; mu must be held.
func (r *Recorder) spent(refusal *Refusal) bool {
	if r.actors == nil || refusal.At.Truncate(24*time.Hour).After(r.day.begin) {
		r.actors = map[string]int{}
	}
	return refusal.Bounded && r.actors[refusal.Actor] >= r.config.PerActor
}

// drop counts some that are not kept, the first of them at a time; mu must be held.
func (r *Recorder) drop(n int, at time.Time) {
	r.dropped += uint64(n)
	r.owe(int64(n), at)
}

// owe has a count of dropped ones written down; mu must be held.
func (r *Recorder) owe(n int64, since time.Time) {
	if r.lost == 0 || since.Before(r.since) {
		r.since = since
	}
	r.lost += n
}

func (r *Recorder) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Kept is the number of refusals that are in the log by now.
func (r *Recorder) Kept() uint64 { r.mu.Lock(); defer r.mu.Unlock(); return r.kept }

// Dropped is the number of refusals that are not kept.
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
		r.writeAll(context.WithoutCancel(ctx), ending)
		if ending {
			return ctx.Err()
		}
	}
}

// patience is how long a batch may take, and how long the end.
const patience = 5 * time.Second

// writeAll writes what waits, day by day. At the end nobody comes after it: what it can't
// write is counted.
func (r *Recorder) writeAll(ctx context.Context, ending bool) {
	if ending {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	more := true
	for err := error(nil); more && err == nil; {
		if more, err = r.writeSome(ctx, ending); err != nil {
			r.rouse() // what waits behind it, and the count, may be taken later
		}
	}
	if ending {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.dropped += uint64(len(r.waiting))
		r.waiting = nil
	}
}

// writeSome writes what goes into one append; more says that others waited behind it.
// Errors: the store's; then they are counted as dropped.
func (r *Recorder) writeSome(ctx context.Context, ending bool) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	batch, stream, more := r.next()
	facts := make([]entry, 0, len(batch)+1)
	for i := range batch {
		r.beaten(ctx, &batch[i])
		facts = append(
			facts,
			entry{
				&batch[i].RefusalRecorded,
				events.Metadata{
					CorrelationID: batch[i].RequestID,
					CausationID:   batch[i].RequestID,
					Actor:         batch[i].Actor,
					At:            batch[i].At,
				},
			},
		)
	}
	now := time.Now()
	told := r.losses(now, ending)
	if told != nil {
		if stream == "" {
			stream = events.RefusalsOf(now)
		}
		facts = append(facts, entry{told, events.Metadata{CausationID: "dropped", Actor: "system", At: now}})
	}
	if len(facts) == 0 {
		return false, nil
	}
	if err := r.append(ctx, stream, facts); err != nil {
		r.config.Logger.Warn("refusals can't be written down", "count", len(batch), "error", err)
		r.giveUp(batch, told)
		return more, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept += uint64(len(batch))
	return more, nil
}

// next takes the oldest that wait and belong into one stream; more says that it left some.
func (r *Recorder) next() (batch []Refusal, stream events.StreamID, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for size := 0; n < len(r.waiting) && n < batchSize && size < batchBytes &&
		(n == 0 || events.RefusalsOf(r.waiting[n].At) == stream); n++ {
		stream = events.RefusalsOf(r.waiting[n].At)
		size += r.waiting[n].size()
	}
	batch, r.waiting = r.waiting[:n:n], r.waiting[n:]
	if len(r.waiting) == 0 {
		r.waiting = nil
	}
	return batch, stream, len(r.waiting) > 0
}

// losses says how many were dropped, if it is time to, nil otherwise.
func (r *Recorder) losses(now time.Time, ending bool) *events.RefusalsDropped {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost == 0 {
		return nil
	}
	if !ending && now.Sub(r.told) < tellEvery {
		r.rouse()
		return nil
	}
	told := &events.RefusalsDropped{Count: r.lost, Since: r.since}
	r.lost, r.told = 0, now
	return told
}

// giveUp counts a batch that the log has not taken, and owes the count that went with it.
func (r *Recorder) giveUp(batch []Refusal, told *events.RefusalsDropped) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if told != nil {
		r.owe(told.Count, told.Since)
	}
	if len(batch) > 0 {
		r.drop(len(batch), batch[0].At)
	}
}
