package client

import "context"

// CallOffPerformance cancels a performance: nothing of it is sold any more, and all bookings are
// ended and refunded. With [Query] dry_run=true nothing is changed, and the answer has the affected
// bookings.
func (c *Client) CallOffPerformance(ctx context.Context, id string, n NewCallOff, o ...Option) (CallOff, error) {
	return post[CallOff](ctx, c, n, o, "performances", id, "cancellation")
}

// CallOffOfPerformance reads the progress of a performance's cancellation.
func (c *Client) CallOffOfPerformance(ctx context.Context, id string, o ...Option) (CallOff, error) {
	return get[CallOff](ctx, c, o, "performances", id, "cancellation")
}

// CallOffProduct cancels a product, as [Client.CallOffPerformance] cancels a performance.
func (c *Client) CallOffProduct(ctx context.Context, id string, n NewCallOff, o ...Option) (CallOff, error) {
	return post[CallOff](ctx, c, n, o, "products", id, "cancellation")
}

// CallOffOfProduct reads the progress of a product's cancellation.
func (c *Client) CallOffOfProduct(ctx context.Context, id string, o ...Option) (CallOff, error) {
	return get[CallOff](ctx, c, o, "products", id, "cancellation")
}

// CallOffTournament cancels a tournament: no team enters any more, and all entries have ended.
func (c *Client) CallOffTournament(ctx context.Context, id string, n NewCallOff, o ...Option) (CallOff, error) {
	return post[CallOff](ctx, c, n, o, "tournaments", id, "cancellation")
}

// CallOffOfTournament reads the result of a tournament's cancellation.
func (c *Client) CallOffOfTournament(ctx context.Context, id string, o ...Option) (CallOff, error) {
	return get[CallOff](ctx, c, o, "tournaments", id, "cancellation")
}
