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
	// giveUpAfter is how long an event may fail before its webhook is disabled.
	giveUpAfter = 72 * time.Hour
	// writeEvery is the least time between two facts about one webhook's deliveries, patience how
	// much longer than they say another server is waited for.
	writeEvery, patience = time.Second, 10 * time.Second
	// lookEvery is how often the list of webhooks is read without a change.
	lookEvery = 5 * time.Second
	// rest is the wait after a part has failed.
	rest = time.Second
	// listPage is how many webhooks are read at once.
	listPage = 100
)

// Config of a dispatcher.
type Config struct {
	Desk  actors.Dispatcher
	Store events.Store
	Views *projections.Projections
	Key   *Key
	// AllowPrivate allows http, and addresses of private networks.
	AllowPrivate bool
	// Node names this server. Alone: no other server appends to the log.
	Node   string
	Alone  bool
	Logger *slog.Logger
	// Faster divides the waits after failures, for tests, and the other times too, by ten at most;
	// 0 is 1.
	Faster int
}

// Dispatcher delivers to all webhooks. Run does; the other methods may be called at any time.
type Dispatcher struct {
	config Config
	// running are the webhooks that are delivered to, owned by Run.
	running map[events.WebhookID]*running
	group   sync.WaitGroup
	testing chan struct{} // bounds Test
}

// running is a webhook that is delivered to.
type running struct {
	stop    context.CancelFunc
	ended   chan struct{}
	edited  events.Revision
	replays int64
	secret  int64
	work    *delivery
}

// New returns a dispatcher that does not run yet.
func New(config Config) *Dispatcher {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	config.Faster = max(config.Faster, 1)
	return &Dispatcher{config: config, running: map[events.WebhookID]*running{}, testing: make(chan struct{}, atOnce)}
}

// Key returns the key that secrets are derived from.
func (d *Dispatcher) Key() *Key { return d.config.Key }

// URLFault returns why no webhook can have a URL, "" if it can.
func (d *Dispatcher) URLFault(url string) string { return URLFault(url, d.config.AllowPrivate) }

// Run delivers until ctx ends, and returns its error once everything under way has ended.
func (d *Dispatcher) Run(ctx context.Context) error {
	defer d.group.Wait()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := d.look(ctx); err != nil && ctx.Err() == nil {
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

// look starts and stops what the list of webhooks says.
func (d *Dispatcher) look(ctx context.Context) error {
	found := map[events.WebhookID]bool{}
	for after := ""; ; {
		page, next, err := d.config.Views.Webhooks(after, listPage)
		if err != nil {
			return err
		}
		for i := range page {
			if !page[i].Disabled {
				found[page[i].ID] = true
				d.keep(ctx, &page[i])
			}
		}
		if after = next; next == "" {
			break
		}
	}
	for id, r := range d.running {
		if !found[id] {
			r.stop()
			delete(d.running, id)
		}
	}
	return nil
}

// keep delivers to a webhook from now on, as it is now.
func (d *Dispatcher) keep(ctx context.Context, w *row.Webhook) {
	before := d.running[w.ID]
	if before != nil && before.edited == w.Edited && before.replays == w.Replays && before.secret == w.Secret {
		return
	}
	r := &running{ended: make(chan struct{}), edited: w.Edited, replays: w.Replays, secret: w.Secret,
		work: &delivery{sender: newSender(d.config.AllowPrivate, attemptLimit/d.less()), key: d.config.Key}}
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

// Made returns the position of a webhook's making. Error: the store's.
func (d *Dispatcher) Made(ctx context.Context, id events.WebhookID) (events.Position, error) {
	page, err := d.config.Store.Read(ctx, webhook.Stream(id), 0, events.Forward, 1)
	if err != nil || len(page) == 0 {
		return 0, err
	}
	return page[0].Position, nil
}

// deliver delivers to one webhook until ctx ends, or until the webhook is disabled or deleted.
func (d *Dispatcher) deliver(ctx context.Context, id events.WebhookID, work *delivery) {
	log := d.config.Logger.With("webhook", id)
	for told := false; ctx.Err() == nil; sleep(ctx, rest) {
		made, err := d.Made(ctx, id)
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
			if !told {
				log.Error("nothing is delivered; give this server a copy of the key, or the webhook a new secret", "error", err)
			}
			told = true
			continue
		}
		work.state = state
		err = cursor.New(d.runner(id, work, made)).Run(ctx)
		switch {
		case err == nil:
			return
		case ctx.Err() == nil:
			log.Error("deliveries have stopped, and begin anew", "error", err)
		}
	}
}

// runner configures the deliveries to one webhook.
func (d *Dispatcher) runner(id events.WebhookID, work *delivery, made events.Position) cursor.Config {
	faster := time.Duration(d.config.Faster)
	config := cursor.Config{
		Desk: d.config.Desk, Store: d.config.Store, Work: work, Stream: webhook.Stream(id),
		Cursor: func(c core.Core) core.Cursor {
			state := c.(*webhook.Webhook).State()
			at := state.Cursor
			at.Reached = state.Reached(made)
			return at
		},
		Await: func(ctx context.Context, behind events.Position) error {
			return d.config.Views.WaitFor(ctx, behind+1)
		},
		Node: d.config.Node, Alone: d.config.Alone, AtOnce: atOnce,
		End: func(at events.CursorMoved, cause error) core.Command {
			why := events.WebhookGone
			if errors.Is(cause, cursor.ErrFailing) {
				why = events.WebhookFailing
			}
			return &webhook.End{Moved: at, Cause: why}
		},
		GiveUpAfter: giveUpAfter / faster, Attempt: attemptLimit / d.less(), Patience: patience / d.less(),
		WriteEvery: writeEvery / d.less(), Logger: d.config.Logger,
	}
	for _, wait := range cursor.Schedule {
		config.Schedule = append(config.Schedule, wait/faster)
	}
	return config
}

// less is what short times are divided by.
func (d *Dispatcher) less() time.Duration { return time.Duration(min(d.config.Faster, 10)) }

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
