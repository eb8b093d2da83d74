package client

import (
	"context"
	"iter"
)

// CreateWebhook creates a webhook, to whose URL events are delivered. Only this answer contains the
// secret: if a webhook with the same settings exists, it is returned without one.
func (c *Client) CreateWebhook(ctx context.Context, w NewWebhook, o ...Option) (WebhookWithSecret, error) {
	return post[WebhookWithSecret](ctx, c, w, o, "webhooks")
}

// Webhooks lists the webhooks by id.
func (c *Client) Webhooks(ctx context.Context, o ...Option) iter.Seq2[Webhook, error] {
	return list[Webhook](ctx, c, o, "webhooks")
}

// Webhook reads a webhook, with the progress of its deliveries.
func (c *Client) Webhook(ctx context.Context, id string, o ...Option) (Webhook, error) {
	return get[Webhook](ctx, c, o, "webhooks", id)
}

// EditWebhook edits a webhook. revision is the Revision that was read, in decimal.
func (c *Client) EditWebhook(ctx context.Context, id, revision string, e WebhookEdit, o ...Option) (Webhook, error) {
	return edit[Webhook](ctx, c, revision, e, o, "webhooks", id)
}

// DeleteWebhook deletes a webhook permanently.
func (c *Client) DeleteWebhook(ctx context.Context, id string, o ...Option) (DeletedWebhook, error) {
	return remove[DeletedWebhook](ctx, c, o, "webhooks", id)
}

// ChangeWebhookSecret creates a new secret. For a while deliveries are signed with the previous one too.
func (c *Client) ChangeWebhookSecret(ctx context.Context, id string, o ...Option) (WebhookWithSecret, error) {
	return post[WebhookWithSecret](ctx, c, nil, o, "webhooks", id, "secret")
}

// TestWebhook delivers a test event, and returns the outcome.
func (c *Client) TestWebhook(ctx context.Context, id string, o ...Option) (WebhookTest, error) {
	return post[WebhookTest](ctx, c, nil, append(o, unkeyed), "webhooks", id, "test")
}

// ReplayWebhook delivers events again, starting at a log position.
func (c *Client) ReplayWebhook(ctx context.Context, id string, from int64, o ...Option) (Webhook, error) {
	return post[Webhook](ctx, c, WebhookReplay{From: from}, o, "webhooks", id, "replay")
}
