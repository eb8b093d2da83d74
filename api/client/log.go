package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"admitone/events/merkle"
)

// Batch sends several commands in one request. Each is answered as if it had been sent alone. A POST
// without an IdempotencyKey gets a random one.
func (c *Client) Batch(ctx context.Context, commands []BatchCommand, o ...Option) ([]BatchAnswer, error) {
	keyed := make([]BatchCommand, len(commands))
	for i, command := range commands {
		if command.Method == http.MethodPost && command.IdempotencyKey == "" {
			command.IdempotencyKey = newKey()
		}
		keyed[i] = command
	}
	answers, err := post[BatchAnswers](ctx, c, Batch{Commands: keyed}, append(o, unkeyed), "batch")
	return answers.Answers, err
}

// Err returns the [*Error] of a command of a batch, nil if it was accepted.
func (a *BatchAnswer) Err() error {
	if a.Status < 300 {
		return nil
	}
	return newError(&http.Response{StatusCode: int(a.Status), Status: http.StatusText(int(a.Status))}, a.Body)
}

// Forget makes a holder's contacts unreadable for good, by destroying their encryption key.
func (c *Client) Forget(ctx context.Context, holder string, o ...Option) (Forgotten, error) {
	return remove[Forgotten](ctx, c, o, "holders", holder, "contact")
}

// Events lists the events of the log. [Query] after starts after a position.
func (c *Client) Events(ctx context.Context, o ...Option) iter.Seq2[Event, error] {
	return list[Event](ctx, c, o, "events")
}

// Stream lists the events of one stream. [Query] from starts at a revision.
func (c *Client) Stream(ctx context.Context, stream string, o ...Option) iter.Seq2[Event, error] {
	return list[Event](ctx, c, o, "streams", stream, "events")
}

// Histories lists the resources that have an id, with their histories.
func (c *Client) Histories(ctx context.Context, id string, o ...Option) iter.Seq2[HistoryOf, error] {
	return list[HistoryOf](ctx, c, o, "history", id)
}

// History lists the history of a resource. The id of a seat has two parts, such as gala and A-1-1.
func (c *Client) History(ctx context.Context, kind string, id []string, o ...Option) iter.Seq2[HistoryLine, error] {
	return list[HistoryLine](ctx, c, o, append([]string{"history", kind}, id...)...)
}

// LogHead reads the signed head of the log, and the public key of its signature.
func (c *Client) LogHead(ctx context.Context, o ...Option) (LogHead, error) {
	return get[LogHead](ctx, c, o, "log", "head")
}

// Cluster returns the nodes of the system.
func (c *Client) Cluster(ctx context.Context, o ...Option) (Cluster, error) {
	return get[Cluster](ctx, c, o, "cluster")
}

// Backup makes a copy of the log on the server's machine.
func (c *Client) Backup(ctx context.Context, o ...Option) (Backup, error) {
	return post[Backup](ctx, c, nil, o, "backups")
}

// ReservationReceipt returns the receipt of a reservation, for [CheckReceipt].
func (c *Client) ReservationReceipt(ctx context.Context, product, id string, o ...Option) ([]byte, error) {
	return get[json.RawMessage](ctx, c, o, "products", product, "reservations", id, "receipt")
}

// BookingReceipt returns the receipt of a booking; with [Query] revision=0 the receipt of its first
// event.
func (c *Client) BookingReceipt(ctx context.Context, id string, o ...Option) ([]byte, error) {
	return get[json.RawMessage](ctx, c, o, "bookings", id, "receipt")
}

// EntryReceipt returns the receipt of a team's entry in a tournament.
func (c *Client) EntryReceipt(ctx context.Context, tournament, team string, o ...Option) ([]byte, error) {
	return get[json.RawMessage](ctx, c, o, "tournaments", tournament, "entries", team, "receipt")
}

// ErrBadReceipt is returned for a text that is not a receipt, or whose proof does not lead to a head
// signed with the key.
var ErrBadReceipt = errors.New("the receipt is not valid")

// CheckReceipt verifies a receipt offline with the log's public key, and returns the event that it
// proves. The key must come from a trusted source, not from the sender of the receipt.
//
// Errors: [ErrBadReceipt]; a different one for an invalid key.
func CheckReceipt(receipt []byte, key string) (Event, error) {
	verifier, err := merkle.NewVerifier(key)
	if err != nil {
		return Event{}, fmt.Errorf("the key of the log: %w", err)
	}
	if _, err := merkle.CheckReceipt(receipt, verifier); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrBadReceipt, err)
	}
	var r struct {
		Event Event `json:"event"`
	}
	err = json.Unmarshal(receipt, &r)
	return r.Event, err
}
