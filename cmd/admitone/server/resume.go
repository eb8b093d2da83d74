package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/events"
	"admitone/projections"
)

// resume completes or undoes the unfinished bookings, including those of earlier servers.
func (p *Server) resume() {
	ctx, stop := context.WithCancel(context.Background())
	p.stopWork = stop
	resuming := func(what string, run func() error) {
		p.resuming.Go(func() {
			if err := run(); err != nil && ctx.Err() == nil {
				p.failed <- fmt.Errorf("the unfinished %s: %w", what, err)
			}
		})
	}
	origin := func() bookings.Origin {
		id := actors.NewCommandID()
		return bookings.Origin{ID: id, CorrelationID: string(id), CausationID: "resumed", Actor: "system"}
	}
	resuming("bookings", func() error {
		return p.Views.RunUnfinished(ctx, func(ctx context.Context, bookingID events.BookingID) error {
			return p.bookings.Resume(ctx, origin(), bookingID)
		})
	})
	resuming("blocks", func() error {
		return p.Views.RunUnfinishedBlocks(ctx, func(ctx context.Context, id events.PerformanceID) error {
			return p.bookings.ResumeBlocks(ctx, origin(), id)
		})
	})
	resuming("cancellations", func() error { return p.sweeps.Run(ctx) })
	resuming("payments", func() error {
		return p.Views.RunUnfinishedPayments(ctx, func(ctx context.Context, id string) error {
			stream, from := events.NewStreamID(events.PaymentCategory, id), origin()
			if err := p.bookings.ResumePayment(ctx, from, stream); err != nil {
				return err
			}
			return p.reservations.Resume(ctx, actors.Request{ID: from.ID, CorrelationID: from.CorrelationID,
				CausationID: from.CausationID, Actor: from.Actor}, stream)
		})
	})
}

// awaitEnd waits until the views have read the log up to its present end.
func (p *Server) awaitEnd(ctx context.Context) error {
	head, err := p.Log.Head(ctx)
	if err != nil {
		return err
	}
	return p.Views.WaitFor(ctx, head)
}

// untilAvailable calls f until it fails for a reason other than a log or views that can't be read at present.
func untilAvailable(ctx context.Context, f func() error) error {
	for {
		err := f()
		if !errors.Is(err, projections.ErrNotReady) && !errors.Is(err, events.ErrUnavailable) {
			return err
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}
