package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"time"

	"admitone/events"
	"admitone/projections/demand"
)

// Options of a replay.
type Options struct {
	// Against is the server's address, Token what it is asked with, "" for none.
	Against, Token string
	// Speed is how many times faster than recorded; 0 is as fast as answers come.
	Speed float64
	// From and To are the first and the last position of the demand. What was put on
	// sale before, and the money that was charged, go first.
	From, To events.Position
	// Connections to the server, 128 if 0.
	Connections int
	// Progress, if set, hears how many of how many wishes are on their way.
	Progress func(sent, all int64)
}

// window is how many requests are prepared at once, most of which wait for others.
const window = 4096

// player sends a demand.
type player struct {
	Options
	store    events.Store
	target   *target
	bookings map[string]*booked // by ids of the log
	all      int64              // wishes
	epoch    string

	mu     sync.Mutex
	names  map[string]string // ids of the log, and what they are here; guarded by mu
	report *Report           // guarded by mu
	failed error             // guarded by mu
}

// Run replays a recorded demand. Errors: events.ErrUnavailable, the store's;
// events.ErrDamaged; ctx.Err().
func Run(ctx context.Context, store events.Store, options Options) (*Report, error) {
	if options.Connections == 0 {
		options.Connections = 128
	}
	p := &player{Options: options, store: store, target: newTarget(options.Against, options.Token, options.Connections),
		bookings: map[string]*booked{}, epoch: store.Epoch(), names: map[string]string{},
		report: &Report{LeftOut: map[string]int64{}, OtherReason: map[string]int64{}, Different: map[string]int64{}}}
	defer p.target.client.CloseIdleConnections()
	if err := p.survey(ctx); err != nil {
		return nil, err
	}
	if err := p.look(ctx); err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := p.play(ctx); err != nil {
		return nil, err
	}
	p.report.Seconds = time.Since(begun).Seconds()
	if options.From > 1 {
		return p.report, nil // what was there before is not counted
	}
	return p.report, p.compareCounts(ctx)
}

// wishes are all up to the end of the range.
func (p *player) wishes(ctx context.Context) (iter.Seq2[demand.Wish, error], error) {
	refused, err := demand.Refused(ctx, p.store, p.From, p.To)
	if err != nil {
		return nil, err
	}
	return demand.Of(func(yield func(events.Recorded, error) bool) {
		for e, err := range events.All(ctx, p.store, 0) {
			if err == nil && e.Position > p.To || !yield(e, err) {
				return
			}
		}
	}, refused), nil
}

// look asks whether the other server has had any events.
func (p *player) look(ctx context.Context) error {
	a, err := p.target.send(ctx, &sending{method: http.MethodGet, path: "/v1/events?limit=1"})
	if err != nil {
		return err
	}
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	p.report.NotEmpty = json.Unmarshal(a.text, &page) == nil && len(page.Items) > 0
	return nil
}

// survey reads ahead: how much there is, and what becomes of bookings.
func (p *player) survey(ctx context.Context) error {
	wishes, err := p.wishes(ctx)
	if err != nil {
		return err
	}
	for w, err := range wishes {
		if err != nil {
			return err
		}
		p.all++
		switch f := w.Fact.(type) {
		case *events.BookingHeld:
			b := &booked{performance: f.PerformanceID, holder: f.Holder}
			for i := range f.Seats {
				b.seats = append(b.seats, f.Seats[i].Seat)
			}
			p.bookings[f.BookingID] = b
		case *events.BookingPaymentStarted:
			if b := p.bookings[w.Stream.Entity()]; b != nil && f.Was == events.BookingIsExpired && w.Refused == "" {
				b.late = true
			}
		}
	}
	return nil
}

// play sends everything, each request when its time has come and what it depends on is
// answered.
func (p *player) play(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wishes, err := p.wishes(ctx)
	if err != nil {
		return err
	}
	var under sync.WaitGroup
	defer under.Wait()
	defer cancel() // before waiting, if it ends early
	lanes, free := lanes{}, make(chan struct{}, window)
	clock, sent := clock{speed: p.Speed}, int64(0)
	for w, err := range wishes {
		if err != nil {
			return err
		}
		sent++
		if w.Position < p.From && !catalogue(w.Fact) {
			continue
		}
		if w.Position >= p.From && !clock.wait(ctx, w.At) {
			return p.why(ctx)
		}
		if sent%window == 0 {
			lanes.tidy()
		}
		if p.Progress != nil {
			p.Progress(sent, p.all)
		}
		requests, why := p.requestsOf(&w)
		p.leftOut(why)
		for i, r := range requests {
			if r.method == "" {
				continue
			}
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				return p.why(ctx)
			}
			wait, done := lanes.enter(r.needs)
			key := fmt.Sprintf("replay-%s-%d-%d.%d", p.epoch, p.From, sent, i)
			under.Go(func() {
				defer func() { <-free }()
				defer done()
				if err := p.do(ctx, r, &w, key, wait); err != nil {
					p.fail(err)
					cancel()
				}
			})
		}
	}
	under.Wait()
	return p.why(ctx)
}

func (p *player) leftOut(why string) {
	if why != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.report.LeftOut[why]++
	}
}

// fail notes the first failure; those that follow from it say nothing new.
func (p *player) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = err
	}
}

// why is what ended the replay, nil if nothing has.
func (p *player) why(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return p.failed
	}
	return ctx.Err()
}

// catalogue says that a fact puts something on sale, or money into a wallet.
func catalogue(fact events.Fact) bool {
	switch fact.(type) {
	case *events.ProductCreated, *events.ProductEdited, *events.TeamRegistered, *events.TournamentCreated, *events.TournamentEdited,
		*events.PerformanceCreated, *events.SeatBlocked, *events.SeatUnblocked, *events.WalletCharged:
		return true
	}
	return false
}

// do sends one request, once everything before it is answered, and looks at what comes.
func (p *player) do(ctx context.Context, r *request, w *demand.Wish, key string, wait []<-chan struct{}) error {
	for _, before := range wait {
		select {
		case <-before:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s, ok, err := r.sending(p.known)
	if err != nil {
		return err
	}
	if !ok { // what it is about was refused here, and that has been told
		p.heard(w, r, nil)
		return nil
	}
	s.key = key
	if r.edit {
		now, err := p.target.send(ctx, &sending{method: http.MethodGet, path: s.path})
		if err != nil {
			return err
		}
		s.ifMatch = now.etag
	}
	a, err := p.target.send(ctx, s)
	if err != nil {
		return err
	}
	if r.made != "" && a.status < 300 {
		p.mu.Lock()
		p.names[r.made] = a.ID
		p.mu.Unlock()
	}
	p.heard(w, r, &a)
	return nil
}

func (p *player) known(id string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine, ok := p.names[id]
	return mine, ok
}

// clock tells when a wish is due.
type clock struct {
	speed        float64
	begun, first time.Time
}

// wait returns when a wish of that time is due, false if ctx ended.
func (c *clock) wait(ctx context.Context, at time.Time) bool {
	if c.speed == 0 {
		return ctx.Err() == nil
	}
	if c.begun.IsZero() {
		c.begun, c.first = time.Now(), at
	}
	due := c.begun.Add(time.Duration(float64(at.Sub(c.first)) / c.speed))
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
