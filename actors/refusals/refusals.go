package refusals

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"admitone/events"
)

// Config of a recorder. Zero values select the defaults in parentheses.
type Config struct {
	Store events.Store
	// PerSecond and PerDay bound the recorded refusals (1,000 and 500,000), PerActor the refusals
	// of one actor per day (10,000).
	PerSecond, PerDay, PerActor int
	// Every is the longest wait of a refusal to be written with others (200 ms).
	Every  time.Duration
	Logger *slog.Logger
}

// Refusal is a command that was refused.
type Refusal struct {
	events.RefusalRecorded
	// RequestID is the request's, Actor its caller, At the time of the decision.
	RequestID, Actor string
	At               time.Time
	// Bounded means that [Config].PerActor applies.
	Bounded bool
}

// reportEvery is the interval at which the number of dropped refusals is recorded.
const reportEvery = 10 * time.Second

// batchSize is the number of refusals in one append, batchBytes their approximate size: an
// EventStoreDB accepts a mebibyte.
const (
	batchSize  = 512
	batchBytes = 512 << 10
)

// size returns the approximate size of a refusal in the log, in bytes.
func (r *Refusal) size() int {
	size := 1 << 10
	for _, text := range []string{r.Path, string(r.Stream), string(r.Holder), r.Detail, r.BeatenStream, r.RequestID,
		r.Actor} {
		size += len(text)
	}
	return size + listSize(r.Seats) + listSize(r.TeamIDs)
}

func listSize[S ~string](list []S) (size int) {
	for _, s := range list {
		size += len(s) + 3
	}
	return size
}

// Recorder records refusals. It is safe for concurrent use.
type Recorder struct {
	config Config
	wake   chan struct{} // has a token if there is something to write

	mu              sync.Mutex
	waiting         []Refusal
	second          window
	day             window
	actors          map[string]int // refusals of this day, by actor
	unreported      int64          // dropped refusals whose number is not recorded yet
	unreportedSince time.Time      // time of the first of those
	kept            uint64
	dropped         uint64

	// Only Run uses the rest.
	tail       tail
	reportedAt time.Time // last attempt to record the number of dropped refusals
}

// window counts refusals in a period of time.
type window struct {
	start time.Time
	count int
}

// allow counts a refusal, and returns false if the period already has limit of them.
func (w *window) allow(at time.Time, length time.Duration, limit int) bool {
	if start := at.Truncate(length); start.After(w.start) {
		*w = window{start: start}
	}
	if w.count >= limit {
		return false
	}
	w.count++
	return true
}

// New returns a recorder, which writes once Run is called.
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

// Record records a refusal, or counts it as dropped if there are too many. It never waits for the
// log.
func (r *Recorder) Record(refusal Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fits := len(r.waiting) < 4*r.config.PerSecond // bounds memory if the log does not answer
	if fits && !r.overActorLimit(&refusal) && r.second.allow(refusal.At, time.Second, r.config.PerSecond) &&
		r.day.allow(refusal.At, 24*time.Hour, r.config.PerDay) {
		r.actors[refusal.Actor]++
		r.waiting = append(r.waiting, refusal)
	} else {
		r.drop(1, refusal.At)
	}
	r.signal()
}

// overActorLimit reports whether an actor has reached its limit for the day; the caller has mu.
func (r *Recorder) overActorLimit(refusal *Refusal) bool {
	if r.actors == nil || refusal.At.Truncate(24*time.Hour).After(r.day.start) {
		r.actors = map[string]int{}
	}
	return refusal.Bounded && r.actors[refusal.Actor] >= r.config.PerActor
}

// drop counts n refusals as dropped, the first of them at a time; the caller has mu.
func (r *Recorder) drop(n int, at time.Time) {
	r.dropped += uint64(n)
	r.reportLater(int64(n), at)
}

// reportLater adds n to the number of dropped refusals to be recorded; the caller has mu.
func (r *Recorder) reportLater(n int64, since time.Time) {
	if r.unreported == 0 || since.Before(r.unreportedSince) {
		r.unreportedSince = since
	}
	r.unreported += n
}

func (r *Recorder) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Kept is the number of refusals recorded in the log so far.
func (r *Recorder) Kept() uint64 { r.mu.Lock(); defer r.mu.Unlock(); return r.kept }

// Dropped is the number of refusals that were dropped.
func (r *Recorder) Dropped() uint64 { r.mu.Lock(); defer r.mu.Unlock(); return r.dropped }

// Run writes until ctx ends, and then writes the rest. It must be called once.
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

// appendTimeout bounds one append, and all appends after the end of Run's context.
const appendTimeout = 5 * time.Second

// writeAll writes the waiting refusals, day by day. If ending, refusals that it can't write are
// counted as dropped.
func (r *Recorder) writeAll(ctx context.Context, ending bool) {
	if ending {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, appendTimeout)
		defer cancel()
	}
	more := true
	for err := error(nil); more && err == nil; {
		if more, err = r.writeBatch(ctx, ending); err != nil {
			r.signal() // retry the rest and the count later
		}
	}
	if ending {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.dropped += uint64(len(r.waiting))
		r.waiting = nil
	}
}

// writeBatch writes one batch; more reports whether refusals are left. Errors: the store's; the batch
// is counted as dropped then.
func (r *Recorder) writeBatch(ctx context.Context, ending bool) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	batch, stream, more := r.takeBatch()
	facts := make([]record, 0, len(batch)+1)
	for i := range batch {
		r.findCause(ctx, &batch[i])
		facts = append(facts, record{&batch[i].RefusalRecorded, events.Metadata{CorrelationID: batch[i].RequestID,
			CausationID: batch[i].RequestID, Actor: batch[i].Actor, At: batch[i].At}})
	}
	now := time.Now()
	report := r.dropReport(now, ending)
	if report != nil {
		if stream == "" {
			stream = events.RefusalsOf(now)
		}
		facts = append(facts, record{report, events.Metadata{CausationID: "dropped", Actor: "system", At: now}})
	}
	if len(facts) == 0 {
		return false, nil
	}
	if err := r.append(ctx, stream, facts); err != nil {
		r.config.Logger.Warn("refusals can't be recorded; they are counted as dropped", "count", len(batch), "error", err)
		r.dropBatch(batch, report)
		return more, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept += uint64(len(batch))
	return more, nil
}

// takeBatch removes the oldest refusals that belong to one stream; more reports whether others are left.
func (r *Recorder) takeBatch() (batch []Refusal, stream events.StreamID, more bool) {
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

// dropReport returns the number of dropped refusals if its recording is due, nil otherwise.
func (r *Recorder) dropReport(now time.Time, ending bool) *events.RefusalsDropped {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unreported == 0 {
		return nil
	}
	if !ending && now.Sub(r.reportedAt) < reportEvery {
		r.signal()
		return nil
	}
	report := &events.RefusalsDropped{Count: r.unreported, Since: r.unreportedSince}
	r.unreported, r.reportedAt = 0, now
	return report
}

// dropBatch counts a batch that could not be written as dropped, and reschedules its report.
func (r *Recorder) dropBatch(batch []Refusal, report *events.RefusalsDropped) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if report != nil {
		r.reportLater(report.Count, report.Since)
	}
	if len(batch) > 0 {
		r.drop(len(batch), batch[0].At)
	}
}
