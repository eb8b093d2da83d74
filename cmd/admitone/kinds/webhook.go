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

// A webhook delivers events to external receivers.
var _ = register(&Kind{
	Name:  "webhook",
	Rules: webhook.Kind,
	Show:  showing(row.WebhookAt, webhookText, api.AppendWebhook),
	// No sale depends on a webhook, and a replay or what-if must not notify its receiver.
	Command:  func(*demand.Request, events.RoomID) (core.Command, error) { return nil, nil },
	Requests: func(*demand.Request) []*Request { return nil },
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
