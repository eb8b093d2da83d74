package client

import (
	"context"
	"iter"
	"time"
)

// CreateWaitingRoom creates a waiting room.
func (c *Client) CreateWaitingRoom(ctx context.Context, id string, r NewWaitingRoom, o ...Option) (WaitingRoom, error) {
	return put[WaitingRoom](ctx, c, r, o, "waiting-rooms", id)
}

// SetWaitingRoom replaces the settings of a waiting room. revision is the Revision that was read, in
// decimal.
func (c *Client) SetWaitingRoom(ctx context.Context, id, revision string, r NewWaitingRoom, o ...Option) (WaitingRoom,
	error) {
	return put[WaitingRoom](ctx, c, r, append([]Option{basedOn(revision)}, o...), "waiting-rooms", id)
}

// WaitingRooms lists the waiting rooms by id.
func (c *Client) WaitingRooms(ctx context.Context, o ...Option) iter.Seq2[WaitingRoom, error] {
	return list[WaitingRoom](ctx, c, o, "waiting-rooms")
}

// WaitingRoom reads a waiting room.
func (c *Client) WaitingRoom(ctx context.Context, id string, o ...Option) (WaitingRoom, error) {
	return get[WaitingRoom](ctx, c, o, "waiting-rooms", id)
}

// Join joins the line. A holder who already has a place or a pass keeps it.
func (c *Client) Join(ctx context.Context, room, holder string, o ...Option) (Visit, error) {
	return post[Visit](ctx, c, NewVisitor{Holder: holder}, o, "waiting-rooms", room, "visitors")
}

// Visit polls for the state of a visitor. Each poll is a heartbeat that keeps the visitor's place.
func (c *Client) Visit(ctx context.Context, room, visitor string, o ...Option) (Visit, error) {
	return get[Visit](ctx, c, o, "waiting-rooms", room, "visitors", visitor)
}

// Leave gives up the place or the pass.
func (c *Client) Leave(ctx context.Context, room, visitor string, o ...Option) (Visit, error) {
	return remove[Visit](ctx, c, o, "waiting-rooms", room, "visitors", visitor)
}

// Wait polls, at the rate that the server asks for, until the visitor no longer waits. The status is
// then admitted, with the pass, left or expired.
func (c *Client) Wait(ctx context.Context, room string, v Visit) (Visit, error) {
	for v.Status == "waiting" {
		if err := sleep(ctx, time.Duration(max(v.PollAfterSeconds, 1))*time.Second); err != nil {
			return v, err
		}
		next, err := c.Visit(ctx, room, v.Visitor)
		if err != nil {
			return v, err
		}
		v = next
	}
	return v, nil
}
