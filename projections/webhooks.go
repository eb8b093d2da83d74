package projections

import (
	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		version:    "webhook.v1",
		categories: []string{events.WebhookCategory},
		open:       func(p *Projections) view { return newWebhooks(p) },
	})
}

// webhooks is the view of webhooks: a row per webhook. It has no topics.
type webhooks struct {
	rows *table[row.Webhook]
	// changed has a token when a webhook was created, edited, replayed or deleted.
	changed chan struct{}
}

func newWebhooks(p *Projections) *webhooks {
	return &webhooks{rows: newTable(p, "webhook", row.AppendWebhook, row.DecodeWebhook), changed: make(chan struct{}, 1)}
}

func (k *webhooks) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	if err := k.apply(e, fact); err != nil {
		return 0, err
	}
	if _, moved := fact.(*events.CursorMoved); !moved {
		select {
		case k.changed <- struct{}{}:
		default: // a token is pending
		}
	}
	return 0, nil
}

func (k *webhooks) apply(e *events.Recorded, fact events.Fact) error {
	id := e.Stream.Entity()
	entry, err := k.rows.find(id)
	if err != nil {
		return err
	}
	if entry == nil {
		var webhook row.Webhook
		if err := webhook.ApplyFact(e, fact); err != nil {
			return err
		}
		k.rows.add(id, webhook)
		return nil
	}
	if err := entry.row.ApplyFact(e, fact); err != nil {
		return err
	}
	k.rows.changed(entry)
	return nil
}

func (k *webhooks) flush(b *pebble.Batch) error { return k.rows.flush(b) }

func (k *webhooks) reset() { k.rows.reset() }

func (k *webhooks) topics() []*live.Topics { return nil }

func (k *webhooks) table() *table[row.Webhook] { return k.rows }

// WebhooksChanged returns a channel that has a token when webhooks have changed other than by deliveries. It must
// have only one receiver.
func (p *Projections) WebhooksChanged() <-chan struct{} { return viewOf[*webhooks](p).changed }

// Webhook returns the row of a webhook, and whether there is one. Errors: the disk's.
func (p *Projections) Webhook(id events.WebhookID) (row.Webhook, bool, error) {
	w, ok, err := rowOf(p, (*webhooks).table, string(id))
	return w, ok && !w.Deleted, err
}

// Webhooks returns up to limit webhooks with ids above after, as [Projections.Products] does.
// Errors: the disk's.
func (p *Projections) Webhooks(after string, limit int) (page []row.Webhook, next string, err error) {
	for {
		rows, next, err := pageOf(p, (*webhooks).table, after, limit, func(w *row.Webhook) string { return string(w.ID) })
		if err != nil {
			return nil, "", err
		}
		for i := range rows {
			if rows[i].Deleted {
				continue
			}
			if len(page) == limit {
				return page, string(page[limit-1].ID), nil
			}
			page = append(page, rows[i])
		}
		if next == "" {
			return page, "", nil
		}
		after = next
	}
}
