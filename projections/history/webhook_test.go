package history_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/logtest"
)

// TestDescribeWebhooks: every fact of a webhook has a description.
func TestDescribeWebhooks(t *testing.T) {
	f := logtest.NewForgery()
	secret := func(n int64) events.WebhookSecret { return events.WebhookSecret{Number: n, Key: "9f86"} }
	f.Add("webhook-shop",
		&events.WebhookMade{WebhookID: "shop", WebhookSettings: events.WebhookSettings{URL: "https://a.example/"},
			WebhookSecret: secret(1)},
		&events.WebhookEdited{WebhookSettings: events.WebhookSettings{URL: "https://b.example/",
			Types: []string{"booking.booked.v1", "booking.released.v1"}, Description: "orders"}},
		&events.WebhookSecretChanged{WebhookSecret: secret(2), OldUntil: f.Now.Add(time.Hour)},
		&events.CursorTaken{Term: 1, Node: "n1:80"},
		&events.CursorMoved{Term: 1, Reached: 4},
		&events.CursorMoved{Term: 1, Reached: 4, NextAt: f.Now.Add(time.Minute),
			CursorFailure: events.CursorFailure{Failing: 5, Failures: 3, Since: f.Now, Error: "it answered 500"}},
		&events.WebhookDisabled{Cause: events.WebhookAsked}, &events.WebhookDisabled{Cause: events.WebhookGone},
		&events.WebhookDisabled{Cause: events.WebhookFailing}, &events.WebhookEnabled{},
		&events.WebhookReplayed{From: 3, Term: 2},
		&events.CursorTaken{Term: 3, Node: "n2:80", Log: "b", Copied: true, Reached: 7}, &events.WebhookDeleted{})
	s := &logtest.Store{Log: f.Log, MaxRead: 10_000, End: events.Position(len(f.Log))}
	lines, _, _, err := history.Read(t.Context(), s, "webhook", "shop", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for i := range lines {
		parts = append(parts, lines[i].Text)
	}
	if want := []string{
		"made: all types of events go to https://a.example/; secret 1 is derived from the key with the fingerprint 9f86",
		"edited; it is now: booking.booked.v1, booking.released.v1 go to https://b.example/ (orders)",
		"given a new secret, and the previous one also signs until 2031-05-01T21:00:00.000Z; secret 2 is derived from " +
			"the key with the fingerprint 9f86",
		"server n1:80 does the work from now on, term 1",
		"everything up to position 4 is done",
		"everything up to position 4 is done; position 5 has failed 3 times since 2031-05-01T20:00:00.000Z: it answered " +
			"500; the next attempt is expected by 2031-05-01T20:01:00.000Z",
		"disabled: it was requested", "disabled: its receiver answered that it is gone for good",
		"disabled: an event could not be delivered for too long",
		"enabled; deliveries continue from the same position",
		"events from position 3 on are delivered again; term 2",
		"server n2:80 does the work from now on, term 3; in this copy of the log everything up to position 7 is done", "deleted",
	}; !slices.Equal(parts, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(parts, "\n"), strings.Join(want, "\n"))
	}
}
