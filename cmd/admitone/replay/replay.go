package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"time"

	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// Options of a replay.
type Options struct {
	// Against is the target's address, and Token the bearer token for it, "" for none.
	Against, Token string
	// Speed is a factor on the recorded speed; 0 replays without pauses.
	Speed float64
	// From and To bound the demand by log position, both inclusive; To must be set. Entities that were put on sale
	// earlier, and earlier charges of wallets, are sent first.
	From, To events.Position
	// Connections is the number of connections to the target; 0 stands for 128.
	Connections int
	// Progress, if set, is called with the number of requests processed, and the total.
	Progress func(sent, all int64)
}

// window bounds the number of prepared requests; most of them wait for earlier requests.
const window = 4096

// runner is the state of a replay.
type runner struct {
	Options
	store    events.Store
	target   *target
	bookings map[string]*recordedBooking // by id
	money    recordedMoney
	plans    map[events.PlanID]bool // uploaded
	total    int64                  // number of requests
	epoch    string

	mu        sync.Mutex
	targetIDs map[string]string // the target's ids by those of the log; guarded by mu
	report    *Report           // guarded by mu
	err       error             // the first failure; guarded by mu
}

// Run replays recorded demand. Errors: events.ErrUnavailable if the store or the target can't be reached; the
// target's refusal to list its events; events.ErrDamaged; ctx.Err().
func Run(ctx context.Context, store events.Store, options Options) (*Report, error) {
	if options.Connections == 0 {
		options.Connections = 128
	}
	p := &runner{Options: options, store: store, target: newTarget(options.Against, options.Token, options.Connections),
		bookings: map[string]*recordedBooking{}, money: newMoney(), plans: map[events.PlanID]bool{},
		epoch: store.Epoch(), targetIDs: map[string]string{},
		report: &Report{LeftOut: map[string]int64{}, OtherReason: map[string]int64{}, Different: map[string]int64{}}}
	defer p.target.client.CloseIdleConnections()
	if err := p.collect(ctx); err != nil {
		return nil, err
	}
	if err := p.checkTargetEmpty(ctx); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	p.report.Seconds = time.Since(start).Seconds()
	if options.From > 1 {
		return p.report, nil // the recorded figures include changes from before the range
	}
	return p.report, p.compareCounts(ctx)
}

// intents returns all intents up to the end of the range.
func (p *runner) intents(ctx context.Context) (iter.Seq2[demand.Request, error], error) {
	refused, err := demand.Refused(ctx, p.store, p.From, p.To)
	if err != nil {
		return nil, err
	}
	return demand.Of(func(yield func(events.Recorded, error) bool) {
		for e, err := range events.All(ctx, p.store, 0) {
			if err == nil && e.Position > p.To {
				return
			}
			p.money.record(&e)
			if !yield(e, err) {
				return
			}
		}
	}, refused), nil
}

// checkTargetEmpty sets NotEmpty in the report if the target already has events other than its settings.
func (p *runner) checkTargetEmpty(ctx context.Context) error {
	a, err := p.target.send(ctx, &httpRequest{method: http.MethodGet, path: "/v1/events?limit=50"})
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("reading the target's events: %s: %s", a.refused(), a.Detail)
	}
	var page struct {
		Items []struct {
			Stream events.StreamID `json:"stream"`
		} `json:"items"`
	}
	if err := json.Unmarshal(a.text, &page); err != nil {
		return fmt.Errorf("reading the target's events: %w", err)
	}
	for _, e := range page.Items { // the settings are written at the first start, from its flags
		p.report.NotEmpty = p.report.NotEmpty || e.Stream.Category() != events.SettingsCategory
	}
	return nil
}

// collect counts the requests, and collects the bookings and the external payments.
func (p *runner) collect(ctx context.Context) error {
	intents, err := p.intents(ctx)
	if err != nil {
		return err
	}
	for intent, err := range intents {
		if err != nil {
			return err
		}
		p.total++
		switch f := intent.Fact.(type) {
		case *events.BookingHeld:
			b := &recordedBooking{id: string(f.BookingID), performance: f.PerformanceID, holder: f.Holder,
				areas: events.Wanted(f.Areas)}
			for i := range f.Seats {
				b.seats = append(b.seats, f.Seats[i].Seat)
			}
			p.bookings[string(f.BookingID)] = b
		case *events.BookingPaymentStarted:
			if b := p.bookings[intent.Stream.Entity()]; b != nil && f.Was == events.BookingIsExpired && intent.Refused == "" {
				b.paidLate = true
			}
		case *events.PaymentReceived:
			p.money.received[intent.Stream] = f.PaymentSubject
		}
	}
	p.markPaidLate()
	return nil
}

// run sends all requests, each at its scheduled time and after the answers on which it depends.
func (p *runner) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	intents, err := p.intents(ctx)
	if err != nil {
		return err
	}
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	defer cancel() // runs before Wait, if run returns early
	sched, slots := scheduler{}, make(chan struct{}, window)
	pace, sent := clock{speed: p.Speed}, int64(0)
	for intent, err := range intents {
		if err != nil {
			return err
		}
		sent++
		if intent.Position < p.From && !isSetup(&intent) {
			continue
		}
		if intent.Position >= p.From && !pace.wait(ctx, intent.At) {
			return p.cause(ctx)
		}
		if sent%window == 0 {
			sched.prune()
		}
		if p.Progress != nil {
			p.Progress(sent, p.total)
		}
		requests, reason := p.requestsOf(&intent)
		if requests, err = p.withPlan(ctx, &intent, requests); err != nil {
			return err
		}
		p.countSkipped(reason)
		for i, r := range requests {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return p.cause(ctx)
			}
			wait, done := sched.schedule(r.Needs)
			key := fmt.Sprintf("replay-%s-%d-%d.%d", p.epoch, p.From, sent, i)
			inFlight.Go(func() {
				defer func() { <-slots }()
				defer done()
				if err := p.do(ctx, r, &intent, key, wait); err != nil {
					p.fail(err)
					cancel()
				}
			})
		}
	}
	inFlight.Wait()
	return p.cause(ctx)
}

// countSkipped counts a request that is not sent for this reason; "" is ignored.
func (p *runner) countSkipped(reason string) {
	if reason != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.report.LeftOut[reason]++
	}
}

// fail records the first failure. It is the cause of all later ones.
func (p *runner) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
}

// cause returns the error that ended the replay, or nil.
func (p *runner) cause(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	return ctx.Err()
}

// do waits until all channels are closed, sends a request and compares the answer.
func (p *runner) do(ctx context.Context, r *kinds.Request, intent *demand.Request, key string,
	wait []<-chan struct{}) error {
	for _, before := range wait {
		select {
		case <-before:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s, ok, err := prepare(r, p.targetID)
	if err != nil {
		return err
	}
	if !ok { // the target refused to create the subject, which the report includes
		p.compare(intent, r, nil)
		return nil
	}
	s.key = key
	if r.Edit {
		now, err := p.target.send(ctx, &httpRequest{method: http.MethodGet, path: s.path})
		if err != nil {
			return err
		}
		s.ifMatch = now.etag
		if now.EditTag != "" {
			s.ifMatch = `"` + now.EditTag + `"`
		}
	}
	a, err := p.target.send(ctx, s)
	if err != nil {
		return err
	}
	if r.Creates != "" && a.status < 300 {
		p.mu.Lock()
		p.targetIDs[r.Creates] = a.ID
		p.mu.Unlock()
	}
	p.compare(intent, r, &a)
	if r.Async && a.status == http.StatusAccepted {
		return p.target.awaitDone(ctx, s.path)
	}
	return nil
}

func (p *runner) targetID(id string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	target, ok := p.targetIDs[id]
	return target, ok
}

// clock schedules requests by their recorded times.
type clock struct {
	speed          float64
	started, first time.Time
}

// wait waits until a request recorded at a time is due. It returns false if ctx ended.
func (c *clock) wait(ctx context.Context, at time.Time) bool {
	if c.speed == 0 {
		return ctx.Err() == nil
	}
	if c.started.IsZero() {
		c.started, c.first = time.Now(), at
	}
	due := c.started.Add(time.Duration(float64(at.Sub(c.first)) / c.speed))
	pause := time.Until(due)
	if pause <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
