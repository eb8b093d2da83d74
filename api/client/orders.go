package client

import (
	"context"
	"iter"
)

// AnnotateBooking changes a booking's order data as of its Revision, written as a decimal number.
func (c *Client) AnnotateBooking(ctx context.Context, id, revision string, e OrderEdit, o ...Option) (Booking, error) {
	return edit[Booking](ctx, c, revision, e, o, "bookings", id)
}

// AnnotateReservation changes a reservation's order data as of its Revision, written as a decimal
// number.
func (c *Client) AnnotateReservation(ctx context.Context, product, id, revision string, e OrderEdit,
	o ...Option) (Reservation, error) {
	return edit[Reservation](ctx, c, revision, e, o, "products", product, "reservations", id)
}

// FindBookings lists the bookings with a reference, the oldest first.
func (c *Client) FindBookings(ctx context.Context, reference string, o ...Option) iter.Seq2[Booking, error] {
	return list[Booking](ctx, c, append(o, Query("reference", reference)), "bookings")
}

// FindReservations lists the reservations with a reference, the oldest first.
func (c *Client) FindReservations(ctx context.Context, reference string,
	o ...Option) iter.Seq2[Reservation, error] {
	return list[Reservation](ctx, c, append(o, Query("reference", reference)), "reservations")
}

// PerformanceBookings lists the bookings of a performance; [Query] status and holder filter them.
func (c *Client) PerformanceBookings(ctx context.Context, performance string,
	o ...Option) iter.Seq2[Booking, error] {
	return list[Booking](ctx, c, o, "performances", performance, "bookings")
}

// ProductReservations lists the reservations of a product; [Query] status and holder filter them.
func (c *Client) ProductReservations(ctx context.Context, product string,
	o ...Option) iter.Seq2[Reservation, error] {
	return list[Reservation](ctx, c, o, "products", product, "reservations")
}

// ProductReport counts what was sold of a product, and the money.
func (c *Client) ProductReport(ctx context.Context, id string, o ...Option) (Report, error) {
	return get[Report](ctx, c, o, "products", id, "report")
}

// PerformanceReport counts what was sold of a performance, and the money, as a whole and by section.
func (c *Client) PerformanceReport(ctx context.Context, id string, o ...Option) (Report, error) {
	return get[Report](ctx, c, o, "performances", id, "report")
}

// TournamentReport counts the entries of a tournament.
func (c *Client) TournamentReport(ctx context.Context, id string, o ...Option) (Report, error) {
	return get[Report](ctx, c, o, "tournaments", id, "report")
}
