package client

import (
	"context"
	"iter"
)

// ReportPayment says that money came in outside for a booking. It is never refused for the booking's
// sake: Outcome says whether it booked the seats or is owed under RefundID.
func (c *Client) ReportPayment(ctx context.Context, booking string, p NewPayment, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, p, o, "bookings", booking, "payment")
}

// BeginIntent has a booking wait for money that a provider is taking.
func (c *Client) BeginIntent(ctx context.Context, booking string, i NewIntent, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, i, o, "bookings", booking, "payment-intent")
}

// EndIntent ends an intent. One that the booking does not wait for changes nothing.
func (c *Client) EndIntent(ctx context.Context, booking, intent string, o ...Option) (Booking, error) {
	return remove[Booking](ctx, c, append(o, Query("intent", intent)), "bookings", booking, "payment-intent")
}

// Refunds lists what is or was owed; [Query] status (owed, settled) filters it.
func (c *Client) Refunds(ctx context.Context, o ...Option) iter.Seq2[Refund, error] {
	return list[Refund](ctx, c, o, "refunds")
}

// Refund reads what is or was owed because of one fact.
func (c *Client) Refund(ctx context.Context, id string, o ...Option) (Refund, error) {
	return get[Refund](ctx, c, o, "refunds", id)
}

// SettleRefund says that a refund was paid back, and under which reference.
func (c *Client) SettleRefund(ctx context.Context, id string, s NewSettlement, o ...Option) (Refund, error) {
	return post[Refund](ctx, c, s, o, "refunds", id, "settlement")
}
