package client

import (
	"context"
	"iter"
)

// CreatePerformance puts a performance on sale. One that exists with the same values is returned.
func (c *Client) CreatePerformance(ctx context.Context, p NewPerformance, o ...Option) (Performance, error) {
	return post[Performance](ctx, c, p, o, "performances")
}

// Performances lists performances by when they start; [Query] from and to bound that.
func (c *Client) Performances(ctx context.Context, o ...Option) iter.Seq2[Performance, error] {
	return list[Performance](ctx, c, o, "performances")
}

// Performance reads a performance with the counts of its sections.
func (c *Client) Performance(ctx context.Context, id string, o ...Option) (Performance, error) {
	return get[Performance](ctx, c, o, "performances", id)
}

// EditPerformance edits a performance as of its EditTag.
func (c *Client) EditPerformance(ctx context.Context, id, tag string, e PerformanceEdit, o ...Option) (Performance,
	error) {
	return edit[Performance](ctx, c, tag, e, o, "performances", id)
}

// Seats lists the seats of a performance; [Query] section and status filter them.
func (c *Client) Seats(ctx context.Context, performance string, o ...Option) iter.Seq2[ListedSeat, error] {
	return list[ListedSeat](ctx, c, o, "performances", performance, "seats")
}

// SeatChanges lists what changed on the seat map, in the order of the log.
func (c *Client) SeatChanges(ctx context.Context, performance string, o ...Option) iter.Seq2[SeatChange, error] {
	return list[SeatChange](ctx, c, o, "performances", performance, "changes")
}

// BlockSeat takes a free seat off sale.
func (c *Client) BlockSeat(ctx context.Context, performance, seat string, o ...Option) (Seat, error) {
	return put[Seat](ctx, c, nil, o, "performances", performance, "seats", seat, "block")
}

// UnblockSeat puts a blocked seat back on sale.
func (c *Client) UnblockSeat(ctx context.Context, performance, seat string, o ...Option) (Seat, error) {
	return remove[Seat](ctx, c, o, "performances", performance, "seats", seat, "block")
}

// Book holds seats, all of them or none.
func (c *Client) Book(ctx context.Context, performance string, b NewBooking, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, b, o, "performances", performance, "bookings")
}

// Booking reads a booking.
func (c *Client) Booking(ctx context.Context, id string, o ...Option) (Booking, error) {
	return get[Booking](ctx, c, o, "bookings", id)
}

// Bookings lists the bookings of a holder in the order in which they were made.
func (c *Client) Bookings(ctx context.Context, holder string, o ...Option) iter.Seq2[Booking, error] {
	return list[Booking](ctx, c, o, "holders", holder, "bookings")
}

// Pay pays a booking from its holder's wallet.
func (c *Client) Pay(ctx context.Context, booking string, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, struct{}{}, o, "bookings", booking, "payment")
}

// Extend holds a booking for longer, once.
func (c *Client) Extend(ctx context.Context, booking string, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, nil, o, "bookings", booking, "extension")
}

// Cancel gives a booking back. A second time is answered like the first.
func (c *Client) Cancel(ctx context.Context, booking string, o ...Option) (Booking, error) {
	return remove[Booking](ctx, c, o, "bookings", booking)
}

// Charge puts money into a holder's wallet.
func (c *Client) Charge(ctx context.Context, holder string, amount int64, o ...Option) (Wallet, error) {
	return post[Wallet](ctx, c, NewCharge{Amount: amount}, o, "wallets", holder, "charges")
}

// Wallet reads a wallet; one that was never charged is not_found.
func (c *Client) Wallet(ctx context.Context, holder string, o ...Option) (Wallet, error) {
	return get[Wallet](ctx, c, o, "wallets", holder)
}

// Wallets lists the wallet of a holder, or none if it was never charged.
func (c *Client) Wallets(ctx context.Context, holder string, o ...Option) iter.Seq2[Wallet, error] {
	return list[Wallet](ctx, c, o, "holders", holder, "wallets")
}

// WalletEntries lists what went in and out of a wallet, the oldest first.
func (c *Client) WalletEntries(ctx context.Context, holder string, o ...Option) iter.Seq2[WalletEntry, error] {
	return list[WalletEntry](ctx, c, o, "wallets", holder, "entries")
}
