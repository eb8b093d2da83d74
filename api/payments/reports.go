package payments

import (
	"context"
	"errors"
	"slices"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/payment"
	"admitone/actors/refunds"
	"admitone/api/input"
	"admitone/events"
)

// HandleReport records a provider's report. It returns nil once the content is durable, or if the log can't
// use it. Errors: [ErrForged]; a failure, after which the provider has to send the report again.
func (g *Gateway) HandleReport(
	ctx context.Context,
	correlation string,
	header func(name string) string,
	body []byte,
) error {
	report, err := g.config.Provider.Read(header, body)
	if err != nil {
		return err
	}
	origin := bookings.Origin{ID: actors.NewCommandID(), CorrelationID: correlation, CausationID: report.ID, Actor: "system"}
	switch {
	case report.Paid != nil:
		err = g.recordPayment(ctx, origin, report.Paid)
	case report.Ended != nil:
		err = g.endIntent(ctx, origin, report.Ended)
	case report.Refund != nil:
		err = g.recordRefund(ctx, origin, report.Refund)
	}
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		g.config.Logger.Error("an authentic report of the provider can't be used", "report", report.ID, "code", refusal.Code,
			"detail", refusal.Detail, "fields", refusal.Fields)
		return nil
	}
	return err
}

// recordPayment records a payment. One with a wrong amount is recorded too, and becomes owed to the payer.
func (g *Gateway) recordPayment(ctx context.Context, origin bookings.Origin, p *Paid) error {
	if !input.ValidID(string(p.Booking)) || p.Reference == "" || p.Amount < 1 || p.Amount > events.MaxPayment {
		return &core.Refusal{Code: core.CodeInvalidField, Detail: "the payment was not requested by this server"}
	}
	_, err := g.config.Bookings.Report(ctx, bookings.Report{Origin: origin, BookingID: p.Booking, Provider: g.Provider(),
		Reference: p.Reference, Amount: p.Amount, Currency: p.Currency, Final: true, LogCurrency: g.config.Currency.Code})
	return err
}

// endIntent ends the intent of an expired page. It is a no-op if the booking has a different intent by now.
func (g *Gateway) endIntent(ctx context.Context, origin bookings.Origin, e *Ended) error {
	if !input.ValidID(string(e.Booking)) || e.Intent == "" {
		return nil
	}
	_, err := g.config.Bookings.EndIntent(ctx, bookings.EndIntent{Origin: origin, BookingID: e.Booking, Intent: e.Intent,
		Reason: events.IntentExpired})
	return err
}

// recordRefund records the outcome of a refund that the log knows, by its id or by the reference under
// which it was settled. Others are ignored.
func (g *Gateway) recordRefund(ctx context.Context, origin bookings.Origin, r *Refund) error {
	if r.Payment == "" || r.Reference == "" {
		return nil
	}
	stream := events.PaymentStream(g.Provider(), r.Payment)
	state, err := g.paymentState(ctx, stream)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(state.Refunds, func(known payment.Refund) bool {
		return known.ID == r.ID || known.Reference == r.Reference
	})
	if i < 0 {
		return nil
	}
	return g.recordOutcome(ctx, origin, stream, state.Refunds[i].ID, r)
}

// paymentState returns the state of a payment.
func (g *Gateway) paymentState(ctx context.Context, stream events.StreamID) (*payment.State, error) {
	var state payment.State
	if _, err := g.config.Desk.View(ctx, stream, func(c core.Core) { state = c.(*payment.Payment).State() }); err != nil {
		return nil, err
	}
	return &state, nil
}

// recordOutcome records the outcome of a refund at the provider. It is a no-op for a pending one.
func (g *Gateway) recordOutcome(ctx context.Context, origin bookings.Origin, stream events.StreamID, id events.RefundID,
	r *Refund) error {
	request := actors.Request{ID: actors.NewCommandID(), CorrelationID: origin.CorrelationID,
		CausationID: origin.CausationID, Actor: origin.Actor}
	fail := &payment.FailRefund{RefundID: id, Reference: r.Reference}
	switch r.Status {
	case RefundSucceeded:
		_, err := refunds.Run(ctx, g.config.Desk, refunds.Settle{Request: request, Payment: stream, RefundID: id,
			Reference: r.Reference, Outcome: true})
		refusal := (*core.Refusal)(nil)
		if !errors.As(err, &refusal) || refusal.Code != core.CodePaymentReferenceUsed {
			return err
		}
		// It was settled with a different reference, which stays; or its reference belongs to a different refund.
		g.config.Logger.Error("the provider has paid a refund that the log has settled otherwise, or under a reference "+
			"that has settled another", "refund", id, "reference", r.Reference)
		fail.Failure, fail.Reference = events.RefundReference, ""
	case RefundFailed:
		fail.Failure = events.RefundDeclined
	case RefundCanceled:
		fail.Failure = events.RefundCanceled
	default:
		return nil
	}
	return g.send(ctx, origin, stream, fail)
}

// send sends a command to a payment.
func (g *Gateway) send(
	ctx context.Context, origin bookings.Origin, stream events.StreamID, command core.Command,
) error {
	_, err := g.config.Desk.Ask(ctx, actors.Request{Stream: stream, Command: command, ID: actors.NewCommandID(),
		CorrelationID: origin.CorrelationID, CausationID: origin.CausationID, Actor: origin.Actor})
	return err
}
