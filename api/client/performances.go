package client

import (
	"context"
	"iter"
)

// CreatePlan stores a seating plan. If an identical one exists, it is returned.
func (c *Client) CreatePlan(ctx context.Context, p NewPlan, o ...Option) (PlanSummary, error) {
	return post[PlanSummary](ctx, c, p, o, "plans")
}

// Plans lists the seating plans.
func (c *Client) Plans(ctx context.Context, o ...Option) iter.Seq2[PlanSummary, error] {
	return list[PlanSummary](ctx, c, o, "plans")
}

// Plan reads a seating plan. [Query] format=pretix omits members that are not in pretix's schema.
func (c *Client) Plan(ctx context.Context, id string, o ...Option) (Plan, error) {
	return get[Plan](ctx, c, o, "plans", id)
}

// CreatePerformance creates a performance. If one with the same values exists, it is returned.
func (c *Client) CreatePerformance(ctx context.Context, p NewPerformance, o ...Option) (Performance, error) {
	return post[Performance](ctx, c, p, o, "performances")
}

// Performances lists the performances by start time. [Query] from and to bound it.
func (c *Client) Performances(ctx context.Context, o ...Option) iter.Seq2[Performance, error] {
	return list[Performance](ctx, c, o, "performances")
}

// Performance reads a performance with the counts of its sections.
func (c *Client) Performance(ctx context.Context, id string, o ...Option) (Performance, error) {
	return get[Performance](ctx, c, o, "performances", id)
}

// EditPerformance edits a performance. tag is the EditTag that was read.
func (c *Client) EditPerformance(ctx context.Context, id, tag string, e PerformanceEdit, o ...Option) (Performance,
	error) {
	return edit[Performance](ctx, c, tag, e, o, "performances", id)
}

// Seats lists the seats of a performance. [Query] section and status filter them.
func (c *Client) Seats(ctx context.Context, performance string, o ...Option) iter.Seq2[ListedSeat, error] {
	return list[ListedSeat](ctx, c, o, "performances", performance, "seats")
}

// SeatChanges lists the changes of the seat map, in log order.
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

// Blocks lists the blocked seats, by label.
func (c *Client) Blocks(ctx context.Context, performance string, o ...Option) ([]ListedBlock, error) {
	return get[[]ListedBlock](ctx, c, o, "performances", performance, "blocks")
}

// BlockSeats blocks seats under a label, all of them or none.
func (c *Client) BlockSeats(ctx context.Context, performance string, b NewBlock, o ...Option) (Block, error) {
	return put[Block](ctx, c, b, o, "performances", performance, "blocks")
}

// UnblockSeats puts the seats that are blocked under a label back on sale.
func (c *Client) UnblockSeats(ctx context.Context, performance, label string, o ...Option) (Block, error) {
	return remove[Block](ctx, c, append(o, Query("label", label)), "performances", performance, "blocks")
}

// Book holds seats, all of them or none.
func (c *Client) Book(ctx context.Context, performance string, b NewBooking, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, b, o, "performances", performance, "bookings")
}

// Booking reads a booking.
func (c *Client) Booking(ctx context.Context, id string, o ...Option) (Booking, error) {
	return get[Booking](ctx, c, o, "bookings", id)
}

// Bookings lists the bookings of a holder, oldest first.
func (c *Client) Bookings(ctx context.Context, holder string, o ...Option) iter.Seq2[Booking, error] {
	return list[Booking](ctx, c, o, "holders", holder, "bookings")
}

// Pay pays a booking from its holder's wallet.
func (c *Client) Pay(ctx context.Context, booking string, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, struct{}{}, o, "bookings", booking, "payment")
}

// Extend prolongs the hold of a booking, once per booking.
func (c *Client) Extend(ctx context.Context, booking string, o ...Option) (Booking, error) {
	return post[Booking](ctx, c, nil, o, "bookings", booking, "extension")
}

// Cancel releases a booking, and refunds a paid one by its cancellation policy. Idempotent.
func (c *Client) Cancel(ctx context.Context, booking string, o ...Option) (Booking, error) {
	return remove[Booking](ctx, c, o, "bookings", booking)
}

// ReturnSeat returns one seat of a booked booking. For a returned seat it returns the present booking.
func (c *Client) ReturnSeat(ctx context.Context, booking, seat string, o ...Option) (Booking, error) {
	return remove[Booking](ctx, c, o, "bookings", booking, "seats", seat)
}

// ReturnPlace returns one place in an area of a booked booking. place is its number in the booking's
// lines.
func (c *Client) ReturnPlace(ctx context.Context, booking, area, place string, o ...Option) (Booking, error) {
	return remove[Booking](ctx, c, o, "bookings", booking, "areas", area, place)
}

// Charge adds amount, in minor units, to a holder's wallet.
func (c *Client) Charge(ctx context.Context, holder string, amount int64, o ...Option) (Wallet, error) {
	return post[Wallet](ctx, c, NewCharge{Amount: amount}, o, "wallets", holder, "charges")
}

// Wallet reads a wallet. The error is not_found if it was never charged.
func (c *Client) Wallet(ctx context.Context, holder string, o ...Option) (Wallet, error) {
	return get[Wallet](ctx, c, o, "wallets", holder)
}

// Wallets lists the wallet of a holder, or none if it was never charged.
func (c *Client) Wallets(ctx context.Context, holder string, o ...Option) iter.Seq2[Wallet, error] {
	return list[Wallet](ctx, c, o, "holders", holder, "wallets")
}

// WalletEntries lists the entries of a wallet, oldest first.
func (c *Client) WalletEntries(ctx context.Context, holder string, o ...Option) iter.Seq2[WalletEntry, error] {
	return list[WalletEntry](ctx, c, o, "wallets", holder, "entries")
}
