package projections_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// TestWebhookViews: the view of a webhook equals the fold of its stream, also after restarts, and lists omit
// deleted webhooks.
func TestWebhookViews(t *testing.T) {
	now := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	log, dir := logtest.NewMemory(), t.TempDir()
	check := func(p *projections.Projections, names ...events.WebhookID) {
		t.Helper()
		head, err := log.Head(t.Context())
		if err == nil {
			err = p.WaitFor(t.Context(), head)
		}
		if err != nil {
			t.Fatal(err)
		}
		var listed []events.WebhookID
		for after := ""; ; {
			page, next, err := p.Webhooks(after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page {
				listed = append(listed, page[i].ID)
				want, err := row.WebhookAt(t.Context(), log, page[i].ID, head)
				if err != nil || !reflect.DeepEqual(&page[i], want) {
					t.Errorf("the view has %+v, want %+v, %v", page[i], want, err)
				}
			}
			if after = next; next == "" {
				break
			}
		}
		if !reflect.DeepEqual(listed, names) {
			t.Errorf("Webhooks lists %v, want %v", listed, names)
		}
	}
	stream := func(n int) events.StreamID { return events.StreamID(fmt.Sprint("webhook-w", n)) }
	facts := [][]events.Fact{
		{&events.WebhookEdited{WebhookSettings: events.WebhookSettings{URL: "https://b.example/",
			Types: []string{"booking.booked.v1"}, Description: "d"}}, &events.CursorTaken{Term: 1, Node: "n"}},
		{&events.CursorMoved{Term: 1, Reached: 3, NextAt: now, CursorFailure: events.CursorFailure{Failing: 4, Failures: 2,
			Since: now, Error: "no"}},
			&events.WebhookSecretChanged{WebhookSecret: events.WebhookSecret{Number: 2, Key: "k"}, OldUntil: now}},
		{&events.WebhookDisabled{Cause: events.WebhookFailing}},
		{&events.WebhookEnabled{}, &events.WebhookReplayed{From: 2, Term: 2}},
	}
	for n := range 4 {
		log.Add(stream(n), &events.WebhookMade{WebhookID: events.WebhookID(fmt.Sprint("w", n)),
			WebhookSettings: events.WebhookSettings{URL: "https://a.example/"},
			WebhookSecret:   events.WebhookSecret{Number: 1, Key: "k"}})
	}
	for _, part := range facts {
		p, stop := follow(t, log, dir)
		log.Add(stream(1), part...)
		check(p, "w0", "w1", "w2", "w3")
		stop()
	}
	p, stop := follow(t, log, dir)
	defer stop()
	for len(p.WebhooksChanged()) > 0 {
		<-p.WebhooksChanged()
	}
	log.Add(stream(0), &events.CursorTaken{Term: 1, Node: "n"})
	check(p, "w0", "w1", "w2", "w3")
	<-p.WebhooksChanged()
	log.Add(stream(0), &events.CursorMoved{Term: 1, Reached: 3})
	check(p, "w0", "w1", "w2", "w3")
	if len(p.WebhooksChanged()) > 0 {
		t.Error("WebhooksChanged has a token after a delivery, want none")
	}
	log.Add(stream(0), &events.WebhookDeleted{})
	log.Add(stream(3), &events.WebhookDeleted{})
	check(p, "w1", "w2")
	<-p.WebhooksChanged()
	if _, found, err := p.Webhook("w0"); found || err != nil {
		t.Errorf("Webhook(w0) after its deletion: %v, %v; want none", found, err)
	}
}
