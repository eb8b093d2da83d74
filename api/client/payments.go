package client

import (
	"context"
	"iter"
)

// ReportPayment reports an external payment for a booking. It is recorded in any state of the
// booking: by Outcome, it has booked the seats or is owed to the payer under RefundID.
func (c *Client) ReportPayment(ctx context.Context, booking string, p NewPayment, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, p, o, "bookings", booking, "payment")
}

// Checkout requests a provider's page on which the booking is paid.
func (c *Client) Checkout(ctx context.Context, booking string, n NewCheckout, o ...Option) (Checkout, error) {
	return post[Checkout](ctx, c, n, o, "bookings", booking, "checkout")
}

// ReportReservationPayment reports an external payment for a reservation, as [Client.ReportPayment] does
// for a booking.
func (c *Client) ReportReservationPayment(ctx context.Context, product, id string, p NewPayment,
	o ...Option) (Reservation, error) {
	return post[Reservation](ctx, c, p, o, "products", product, "reservations", id, "confirm")
}

// BeginIntent keeps a booking held while an external payment is in progress.
func (c *Client) BeginIntent(ctx context.Context, booking string, i NewIntent, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, i, o, "bookings", booking, "payment-intent")
}

// EndIntent ends an intent. No-op if it is not the open one.
func (c *Client) EndIntent(ctx context.Context, booking, intent string, o ...Option) (Booking, error) {
	return remove[Booking](ctx, c, append(o, Query("intent", intent)), "bookings", booking, "payment-intent")
}

// Refunds lists the owed and settled refunds. [Query] status filters them.
func (c *Client) Refunds(ctx context.Context, o ...Option) iter.Seq2[Refund, error] {
	return list[Refund](ctx, c, o, "refunds")
}

// Refund reads a refund.
func (c *Client) Refund(ctx context.Context, id string, o ...Option) (Refund, error) {
	return get[Refund](ctx, c, o, "refunds", id)
}

// SettleRefund records that a refund was paid, and under which reference.
func (c *Client) SettleRefund(ctx context.Context, id string, s NewSettlement, o ...Option) (Refund, error) {
	return post[Refund](ctx, c, s, o, "refunds", id, "settlement")
}
