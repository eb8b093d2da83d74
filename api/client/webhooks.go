package client

import (
	"context"
	"iter"
)

// CreateWebhook has events delivered to an address. The secret is in this answer alone: one that
// exists with the same settings is returned without it.
func (c *Client) CreateWebhook(ctx context.Context, w NewWebhook, o ...Option) (WebhookWithSecret, error) {
	return post[WebhookWithSecret](ctx, c, w, o, "webhooks")
}

// Webhooks lists the webhooks, by id.
func (c *Client) Webhooks(ctx context.Context, o ...Option) iter.Seq2[Webhook, error] {
	return list[Webhook](ctx, c, o, "webhooks")
}

// Webhook reads a webhook, and how far it has come.
func (c *Client) Webhook(ctx context.Context, id string, o ...Option) (Webhook, error) {
	return get[Webhook](ctx, c, o, "webhooks", id)
}

// EditWebhook edits a webhook as of its Revision, written as a decimal number.
func (c *Client) EditWebhook(ctx context.Context, id, revision string, e WebhookEdit, o ...Option) (Webhook, error) {
	return edit[Webhook](ctx, c, revision, e, o, "webhooks", id)
}

// DeleteWebhook ends a webhook for good.
func (c *Client) DeleteWebhook(ctx context.Context, id string, o ...Option) (DeletedWebhook, error) {
	return remove[DeletedWebhook](ctx, c, o, "webhooks", id)
}

// ChangeWebhookSecret returns a new secret; the one before signs as well for a while.
func (c *Client) ChangeWebhookSecret(ctx context.Context, id string, o ...Option) (WebhookWithSecret, error) {
	return post[WebhookWithSecret](ctx, c, nil, o, "webhooks", id, "secret")
}

// TestWebhook delivers an event that is in no log, and returns how it went.
func (c *Client) TestWebhook(ctx context.Context, id string, o ...Option) (WebhookTest, error) {
	return post[WebhookTest](ctx, c, nil, append(o, unkeyed), "webhooks", id, "test")
}

// ReplayWebhook has events delivered again, from a position on.
func (c *Client) ReplayWebhook(ctx context.Context, id string, from int64, o ...Option) (Webhook, error) {
	return post[Webhook](ctx, c, WebhookReplay{From: from}, o, "webhooks", id, "replay")
}
