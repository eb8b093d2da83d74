package client

import (
	"context"
	"iter"
)

// AnnotateBooking edits the order data of a booking. revision is the Revision that was read, in decimal.
func (c *Client) AnnotateBooking(ctx context.Context, id, revision string, e OrderEdit, o ...Option) (Booking, error) {
	return edit[Booking](ctx, c, revision, e, o, "bookings", id)
}

// AnnotateReservation edits the order data of a reservation. revision is the Revision that was read, in
// decimal.
func (c *Client) AnnotateReservation(ctx context.Context, product, id, revision string, e OrderEdit,
	o ...Option) (Reservation, error) {
	return edit[Reservation](ctx, c, revision, e, o, "products", product, "reservations", id)
}

// FindBookings lists the bookings with a reference, oldest first.
func (c *Client) FindBookings(ctx context.Context, reference string, o ...Option) iter.Seq2[Booking, error] {
	return list[Booking](ctx, c, append(o, Query("reference", reference)), "bookings")
}

// FindReservations lists the reservations with a reference, oldest first.
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

// ProductReport returns the counts and amounts of the sales of a product.
func (c *Client) ProductReport(ctx context.Context, id string, o ...Option) (Report, error) {
	return get[Report](ctx, c, o, "products", id, "report")
}

// PerformanceReport returns the counts and amounts of the sales of a performance, in total and by
// section.
func (c *Client) PerformanceReport(ctx context.Context, id string, o ...Option) (Report, error) {
	return get[Report](ctx, c, o, "performances", id, "report")
}

// TournamentReport returns the counts of the entries of a tournament.
func (c *Client) TournamentReport(ctx context.Context, id string, o ...Option) (Report, error) {
	return get[Report](ctx, c, o, "tournaments", id, "report")
}
