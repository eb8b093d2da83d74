package client

import (
	"context"
	"iter"
)

// CreateProduct creates a product. If one with the same values exists, it is returned.
func (c *Client) CreateProduct(ctx context.Context, p NewProduct, o ...Option) (Product, error) {
	return post[Product](ctx, c, p, o, "products")
}

// Products lists the products by id.
func (c *Client) Products(ctx context.Context, o ...Option) iter.Seq2[Product, error] {
	return list[Product](ctx, c, o, "products")
}

// Product reads a product.
func (c *Client) Product(ctx context.Context, id string, o ...Option) (Product, error) {
	return get[Product](ctx, c, o, "products", id)
}

// EditProduct edits a product. tag is the EditTag that was read.
func (c *Client) EditProduct(ctx context.Context, id, tag string, e ProductEdit, o ...Option) (Product, error) {
	return edit[Product](ctx, c, tag, e, o, "products", id)
}

// Reserve reserves units of a product, or holds them if Hold is set.
func (c *Client) Reserve(ctx context.Context, product string, r NewReservation, o ...Option) (Reservation, error) {
	return post[Reservation](ctx, c, r, o, "products", product, "reservations")
}

// Reservation reads a reservation.
func (c *Client) Reservation(ctx context.Context, product, id string, o ...Option) (Reservation, error) {
	return get[Reservation](ctx, c, o, "products", product, "reservations", id)
}

// Confirm confirms a held reservation.
func (c *Client) Confirm(ctx context.Context, product, id string, o ...Option) (Reservation, error) {
	return post[Reservation](ctx, c, nil, o, "products", product, "reservations", id, "confirm")
}

// Release releases a reservation. Idempotent.
func (c *Client) Release(ctx context.Context, product, id string, o ...Option) (Reservation, error) {
	return remove[Reservation](ctx, c, o, "products", product, "reservations", id)
}
