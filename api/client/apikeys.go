package client

import (
	"context"
	"iter"
)

// CreateAPIKey creates an API key. Only this answer contains its text, so the request has no
// Idempotency-Key: if the outcome is unknown, find the key with [Client.APIKeys] and end it.
func (c *Client) CreateAPIKey(ctx context.Context, k NewAPIKey, o ...Option) (APIKeyMade, error) {
	return post[APIKeyMade](ctx, c, k, append(o, unkeyed), "api-keys")
}

// APIKeys lists the API keys by id, including ended ones.
func (c *Client) APIKeys(ctx context.Context, o ...Option) iter.Seq2[APIKey, error] {
	return list[APIKey](ctx, c, o, "api-keys")
}

// APIKey reads an API key, without its text.
func (c *Client) APIKey(ctx context.Context, id string, o ...Option) (APIKey, error) {
	return get[APIKey](ctx, c, o, "api-keys", id)
}

// EndAPIKey revokes an API key. Idempotent.
func (c *Client) EndAPIKey(ctx context.Context, id string, o ...Option) (APIKey, error) {
	return remove[APIKey](ctx, c, o, "api-keys", id)
}
