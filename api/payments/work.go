package payments

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/cursor"
	"admitone/actors/cursors"
	"admitone/actors/payment"
	"admitone/events"
)

// restartPause is the pause before a cursor that ended with an error is started again.
const restartPause = time.Second

// Run closes the pages of ended intents, and with [Config].Refunds requests owed refunds and polls for
// their outcome. It returns ctx's error once ctx has ended and all work in progress has stopped.
func (g *Gateway) Run(ctx context.Context) error {
	work := map[string]cursor.Work{"sessions": &pageCloser{g}}
	if g.config.Refunds {
		work["refunds"], work["outcomes"] = &refunder{g}, &outcomePoller{g}
	}
	var group sync.WaitGroup
	for name, work := range work {
		config := g.cursorConfig(name, work)
		group.Go(func() {
			for ctx.Err() == nil {
				if err := cursor.New(config).Run(ctx); ctx.Err() == nil {
					g.config.Logger.Error("work at the provider has stopped; it is restarted", "work", name, "error", err)
				}
				select {
				case <-ctx.Done():
				case <-time.After(restartPause):
				}
			}
		})
	}
	group.Wait()
	return ctx.Err()
}

// cursorConfig returns the configuration of the cursor for work.
func (g *Gateway) cursorConfig(name string, work cursor.Work) cursor.Config {
	return cursor.Config{
		Desk: g.config.Desk, Store: g.config.Store, Work: work, Stream: cursors.Stream(string(g.Provider()) + "~" + name),
		Cursor: func(c core.Core) core.Cursor { return c.(*cursors.Cursor).At() },
		Await: func(ctx context.Context, after events.Position) error {
			return g.config.Views.WaitFor(ctx, after+1)
		},
		// A refund may stay pending for weeks and must not delay others. Repeating finished work has no
		// effect.
		DropDone: true,
		Node:     g.config.Node, Alone: g.config.Alone, Schedule: g.config.Schedule, Logger: g.config.Logger,
	}
}

// originOf returns the origin of a command that an event causes.
func originOf(e *events.Recorded) bookings.Origin {
	id := actors.NewCommandID()
	return bookings.Origin{ID: id, CorrelationID: string(id), CausationID: e.ID.String(), Actor: "system"}
}

// pageCloser closes the pages of ended intents. It implements [cursor.Work].
type pageCloser struct{ *Gateway }

// Wants implements [cursor.Work]: an intent has ended, by itself or by a payment.
func (w *pageCloser) Wants(e *events.Recorded) bool {
	switch e.Type {
	case (&events.BookingIntentEnded{}).Name():
		return true
	case (&events.BookingPaymentStarted{}).Name():
		fact, err := e.Decode()
		started, ok := fact.(*events.BookingPaymentStarted)
		return err == nil && ok && started.Was == events.BookingIsAwaiting
	}
	return false
}

// Do implements [cursor.Work].
func (w *pageCloser) Do(ctx context.Context, e *events.Recorded) error {
	page, session, err := w.lastPage(ctx, e)
	if err != nil || page == nil || !time.Now().Before(page.ExpiresAt) {
		return err // an expired page needs no closing
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if session == "" { // a server may have crashed between creating the page and recording it
		made, err := w.config.Provider.OpenPage(ctx, page)
		if refused := (*Refused)(nil); errors.As(err, &refused) {
			return nil
		} else if err != nil {
			return w.logRetry("a page could not be closed", e, err)
		}
		session = made.ID
	}
	if err := w.config.Provider.ClosePage(ctx, session); err != nil {
		return w.logRetry("a page could not be closed", e, err)
	}
	return nil
}

// lastPage returns the page of the intent that an event has ended, nil if it had none at this provider,
// and the page's id at the provider, "" if the booking has not recorded it.
func (w *pageCloser) lastPage(ctx context.Context, e *events.Recorded) (page *Page, session string, err error) {
	amount := int64(0)
	for before, err := range events.Stream(ctx, w.config.Store, e.Stream, 0) {
		if err != nil {
			return nil, "", err
		}
		if before.Revision >= e.Revision {
			break
		}
		fact, err := before.Decode()
		if err != nil {
			return nil, "", err
		}
		switch f := fact.(type) {
		case *events.BookingHeld:
			amount = f.Amount
		case *events.BookingIntentBegun:
			page, session = nil, ""
			if f.Provider == w.Provider() && f.Checkout != (events.Checkout{}) {
				page = w.pageOf(events.BookingID(e.Stream.Entity()), amount, f.Intent, f.ExpiresAt, f.Checkout)
			}
		case *events.BookingCheckoutMade:
			session = f.Session
		}
	}
	return page, session, nil
}

// logRetry logs the error of work that will be retried, and returns it.
func (g *Gateway) logRetry(message string, e *events.Recorded, err error) error {
	g.config.Logger.Warn(message+"; retrying", "position", e.Position, "stream", e.Stream, "error", err)
	return err
}

// refunder requests owed refunds from the provider. It implements [cursor.Work].
type refunder struct{ *Gateway }

// Wants implements [cursor.Work]: a refund of one of the provider's payments has become owed.
func (w *refunder) Wants(e *events.Recorded) bool {
	return w.isOurs(e.Stream) && owedRefund(e) != ""
}

// isOurs reports whether stream belongs to a payment at the provider.
func (g *Gateway) isOurs(stream events.StreamID) bool {
	return stream.Category() == events.PaymentCategory &&
		strings.HasPrefix(stream.Entity(), string(g.Provider())+"~")
}

// owedRefund returns the refund that an event makes owed, "" for none.
func owedRefund(e *events.Recorded) events.RefundID {
	switch e.Type {
	case (&events.PaymentOwed{}).Name(), (&events.PaymentReturned{}).Name(), (&events.PaymentMadeUp{}).Name():
	default:
		return ""
	}
	fact, err := e.Decode()
	if err != nil {
		return ""
	}
	switch f := fact.(type) {
	case *events.PaymentOwed:
		return f.RefundID
	case *events.PaymentMadeUp:
		return f.RefundID
	case *events.PaymentReturned:
		if f.Amount > 0 {
			return f.RefundID
		}
	}
	return ""
}

// Do implements [cursor.Work].
func (w *refunder) Do(ctx context.Context, e *events.Recorded) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	origin, id := originOf(e), owedRefund(e)
	if err := w.send(ctx, origin, e.Stream, &payment.Ask{RefundID: id}); err != nil {
		return w.logRetry("a refund could not be requested", e, err)
	}
	state, err := w.paymentState(ctx, e.Stream)
	if err != nil {
		return w.logRetry("a refund could not be requested", e, err)
	}
	if refund, ok := state.Refund(id); !ok || !refund.Asked {
		return nil // it has been settled or has failed
	}
	if err := w.refund(ctx, origin, state, id); err != nil {
		return w.logRetry("a refund could not be made", e, err)
	}
	return nil
}

// refund requests a refund from the provider, unless the provider already has it, and records the outcome.
// The payment must have recorded that the refund is requested.
func (w *refunder) refund(ctx context.Context, origin bookings.Origin, p *payment.State, id events.RefundID) error {
	made, hasForeign, err := w.findRefund(ctx, p, id)
	if err == nil && made == nil && !hasForeign {
		refund, _ := p.Refund(id)
		made = new(Refund)
		*made, err = w.config.Provider.Refund(ctx, &RefundOrder{ID: id, Payment: p.Received.Reference,
			Amount: refund.Amount})
	}
	refused := (*Refused)(nil)
	switch {
	case errors.As(err, &refused):
		w.config.Logger.Error("the provider refused a refund; settle it by hand", "refund", id,
			"detail", refused.Detail)
		return w.send(ctx, origin, p.Stream(), &payment.FailRefund{RefundID: id, Failure: events.RefundRefused})
	case err != nil:
		return err
	case made == nil:
		w.config.Logger.Error("the provider has refunds of a payment that the log does not know; settle what is owed by "+
			"hand", "refund", id)
		return w.send(ctx, origin, p.Stream(), &payment.FailRefund{RefundID: id, Failure: events.RefundForeign})
	}
	return w.recordOutcome(ctx, origin, p.Stream(), id, made)
}

// findRefund reads the refunds of a payment at the provider. It returns the refund with id, nil if there
// is none, and whether there are refunds that the log does not know.
func (g *Gateway) findRefund(ctx context.Context, p *payment.State, id events.RefundID) (ours *Refund, hasForeign bool,
	err error) {
	all, err := g.config.Provider.Refunds(ctx, p.Received.Reference)
	for i := range all {
		switch r := &all[i]; {
		case r.ID != id:
			hasForeign = hasForeign || !isKnown(p, r)
		case ours == nil || r.Status == RefundSucceeded:
			ours = r
		}
	}
	return ours, hasForeign, err
}

// isKnown reports whether the log knows a refund of a payment, by its id or reference.
func isKnown(p *payment.State, r *Refund) bool {
	for i := range p.Refunds {
		known := &p.Refunds[i]
		if known.ID == r.ID || known.Reference == r.Reference {
			return true
		}
		for _, reference := range known.Failed {
			if reference == r.Reference {
				return true
			}
		}
	}
	return false
}
