package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/cursor"
	"admitone/actors/webhook"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

const (
	// giveUpAfter is the time for which the delivery of an event is retried before the webhook is
	// disabled.
	giveUpAfter = 72 * time.Hour
	// writeEvery is the minimum time between two facts about the deliveries of one webhook,
	// takeoverWait the additional wait of another server before it takes them over.
	writeEvery, takeoverWait = time.Second, 10 * time.Second
	// pollEvery is the interval at which the list of webhooks is read even without a change.
	pollEvery = 5 * time.Second
	// retryPause is the pause after the deliveries of a webhook have stopped with an error.
	retryPause = time.Second
	// listPage is the page size of lists of webhooks.
	listPage = 100
)

// Config of a dispatcher.
type Config struct {
	Desk  actors.Dispatcher
	Store events.Store
	Views *projections.Projections
	Key   *Key
	// AllowPrivate allows plain http, and addresses of private networks.
	AllowPrivate bool
	// Node names this server. Alone: no other server appends to the log.
	Node   string
	Alone  bool
	Logger *slog.Logger
	// Faster divides the pauses after failures, and all other times by at most ten; for tests. 0 means 1.
	Faster int
}

// Dispatcher delivers the log's events to all webhooks. Run does the delivering. The other methods are
// safe for concurrent use, even before Run.
type Dispatcher struct {
	config Config
	// running has the webhooks with active deliveries; owned by Run.
	running map[events.WebhookID]*running
	group   sync.WaitGroup
	testing chan struct{} // one slot per call of Test in progress
}

// running is the active delivery of a webhook; edited, replays and secret identify its version.
type running struct {
	stop    context.CancelFunc
	ended   chan struct{}
	edited  events.Revision
	replays int64
	secret  int64
	work    *delivery
}

// New returns a dispatcher. Call Run to start it.
func New(config Config) *Dispatcher {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	config.Faster = max(config.Faster, 1)
	return &Dispatcher{config: config, running: map[events.WebhookID]*running{}, testing: make(chan struct{}, atOnce)}
}

// Key returns the key from which secrets are derived.
func (d *Dispatcher) Key() *Key { return d.config.Key }

// URLFault is [URLFault] with the configured AllowPrivate.
func (d *Dispatcher) URLFault(url string) string { return URLFault(url, d.config.AllowPrivate) }

// Run delivers until ctx ends, and returns ctx's error once all deliveries have stopped.
func (d *Dispatcher) Run(ctx context.Context) error {
	defer d.group.Wait()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := d.refresh(ctx); err != nil && ctx.Err() == nil {
			d.config.Logger.Warn("the webhooks can't be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.config.Views.WebhooksChanged():
		case <-tick.C:
		}
	}
}

// refresh starts the deliveries of new and changed webhooks, and stops them for disabled and deleted
// ones.
func (d *Dispatcher) refresh(ctx context.Context) error {
	current := map[events.WebhookID]bool{}
	for after := ""; ; {
		page, next, err := d.config.Views.Webhooks(after, listPage)
		if err != nil {
			return err
		}
		for i := range page {
			if !page[i].Disabled {
				current[page[i].ID] = true
				d.ensureRunning(ctx, &page[i])
			}
		}
		if after = next; next == "" {
			break
		}
	}
	for id, r := range d.running {
		if !current[id] {
			r.stop()
			delete(d.running, id)
		}
	}
	return nil
}

// ensureRunning starts the deliveries of a webhook, or restarts them if it has changed.
func (d *Dispatcher) ensureRunning(ctx context.Context, w *row.Webhook) {
	before := d.running[w.ID]
	if before != nil && before.edited == w.Edited && before.replays == w.Replays && before.secret == w.Secret {
		return
	}
	r := &running{ended: make(chan struct{}), edited: w.Edited, replays: w.Replays, secret: w.Secret,
		work: &delivery{sender: newSender(d.config.AllowPrivate, attemptLimit/d.shortDivisor()), key: d.config.Key}}
	ctx, r.stop = context.WithCancel(ctx)
	d.running[w.ID] = r
	if before != nil {
		before.stop()
	}
	d.group.Go(func() {
		defer close(r.ended)
		defer r.stop()
		defer r.work.sender.close()
		if before != nil {
			<-before.ended
		}
		d.deliver(ctx, w.ID, r.work)
	})
}

// state reads a webhook from its entity.
func (d *Dispatcher) state(ctx context.Context, id events.WebhookID) (*webhook.State, error) {
	var state webhook.State
	if _, err := d.config.Desk.View(ctx, webhook.Stream(id), func(c core.Core) {
		state = c.(*webhook.Webhook).State()
	}); err != nil {
		return nil, err
	}
	return &state, nil
}

// CreatedAt returns the log position at which a webhook was created, 0 if it does not exist. Error: the
// store's.
func (d *Dispatcher) CreatedAt(ctx context.Context, id events.WebhookID) (events.Position, error) {
	page, err := d.config.Store.Read(ctx, webhook.Stream(id), 0, events.Forward, 1)
	if err != nil || len(page) == 0 {
		return 0, err
	}
	return page[0].Position, nil
}

// deliver delivers to one webhook until ctx ends or the webhook is disabled or deleted.
func (d *Dispatcher) deliver(ctx context.Context, id events.WebhookID, work *delivery) {
	log := d.config.Logger.With("webhook", id)
	for logged := false; ctx.Err() == nil; sleep(ctx, retryPause) {
		createdAt, err := d.CreatedAt(ctx, id)
		var state *webhook.State
		if err == nil {
			state, err = d.state(ctx, id)
		}
		if err != nil {
			continue
		}
		if state.Deleted || state.Disabled {
			return
		}
		if _, err := d.config.Key.signing(state, time.Now()); err != nil {
			if !logged {
				log.Error("nothing is delivered: this server lacks the key of the webhook's secret; copy the key file here, "+
					"or give the webhook a new secret", "error", err)
			}
			logged = true
			continue
		}
		work.state = state
		err = cursor.New(d.runner(id, work, createdAt)).Run(ctx)
		switch {
		case err == nil:
			return
		case ctx.Err() == nil:
			log.Error("deliveries have stopped; they are restarted", "error", err)
		}
	}
}

// runner returns the configuration of the cursor of one webhook.
func (d *Dispatcher) runner(id events.WebhookID, work *delivery, createdAt events.Position) cursor.Config {
	faster := time.Duration(d.config.Faster)
	config := cursor.Config{
		Desk: d.config.Desk, Store: d.config.Store, Work: work, Stream: webhook.Stream(id),
		Cursor: func(c core.Core) core.Cursor { return c.(*webhook.Webhook).State().Cursor },
		StartAfter: func(c core.Core) events.Position {
			if c.(*webhook.Webhook).State().Replays > 0 {
				return 0 // a replay may start before its creation
			}
			return createdAt
		},
		Await: func(ctx context.Context, after events.Position) error {
			return d.config.Views.WaitFor(ctx, after+1)
		},
		Node: d.config.Node, Alone: d.config.Alone, MaxConcurrent: atOnce,
		End: func(at events.CursorMoved, cause error) core.Command {
			reason := events.WebhookGone
			if errors.Is(cause, cursor.ErrGaveUp) {
				reason = events.WebhookFailing
			}
			return &webhook.End{Moved: at, Cause: reason}
		},
		GiveUpAfter: giveUpAfter / faster, Attempt: attemptLimit / d.shortDivisor(),
		Patience: takeoverWait / d.shortDivisor(), WriteEvery: writeEvery / d.shortDivisor(),
		Logger: d.config.Logger,
	}
	for _, wait := range cursor.Schedule {
		config.Schedule = append(config.Schedule, wait/faster)
	}
	return config
}

// shortDivisor returns the divisor of all times except the pauses after failures.
func (d *Dispatcher) shortDivisor() time.Duration { return time.Duration(min(d.config.Faster, 10)) }

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
