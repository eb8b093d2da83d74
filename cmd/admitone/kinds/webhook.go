package kinds

import (
	"fmt"
	"io"

	"admitone/actors/core"
	"admitone/actors/webhook"
	"admitone/api"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// webhookKind delivers events to the outside.
var _ = register(&Kind{
	Name:  "webhook",
	Rules: webhook.Kind,
	Show:  showing(row.WebhookAt, webhookText, api.AppendWebhook),
	// No sale depends on a webhook, and a sale that is tried again must not be told to its receiver.
	Command:  func(*demand.Intent, events.RoomID) (core.Command, error) { return nil, nil },
	Requests: func(*demand.Intent) []*Request { return nil },
})

func webhookText(out io.Writer, w *row.Webhook) error {
	status := api.WebhookStatus(w)
	if w.Deleted {
		status = "deleted"
	}
	_, err := fmt.Fprintf(out, "webhook/%s  %s\n  status     %s\n  reached    %d\n  revision   %d, position %d\n  made       %s\n",
		w.ID, w.URL, status, w.Reached, w.Revision, w.Position, events.FormatTime(w.Created))
	return err
}
