package client

import (
	"context"
	"iter"
)

// CreateAPIKey makes a key for a program. Its text is in this answer alone, so the request has no
// Idempotency-Key: after an attempt that nobody answered, end the key that [Client.APIKeys] lists.
func (c *Client) CreateAPIKey(ctx context.Context, k NewAPIKey, o ...Option) (APIKeyMade, error) {
	return post[APIKeyMade](ctx, c, k, append(o, unkeyed), "api-keys")
}

// APIKeys lists the keys, by id, ended ones too.
func (c *Client) APIKeys(ctx context.Context, o ...Option) iter.Seq2[APIKey, error] {
	return list[APIKey](ctx, c, o, "api-keys")
}

// APIKey reads what is known about a key.
func (c *Client) APIKey(ctx context.Context, id string, o ...Option) (APIKey, error) {
	return get[APIKey](ctx, c, o, "api-keys", id)
}

// EndAPIKey ends a key. A second time is answered like the first.
func (c *Client) EndAPIKey(ctx context.Context, id string, o ...Option) (APIKey, error) {
	return remove[APIKey](ctx, c, o, "api-keys", id)
}
