package events

import "testing"

var (
	webhookSettings = WebhookSettings{URL: "https://shop.example/hooks?a=1&b=\"2\"",
		Types: []string{"booking.booked.v1", "booking.released.v1"}, Description: "Größe <b>&</b> \u2028🏆"}
	webhookSecret = WebhookSecret{Number: 2, Key: "9f86d081884c7d65"}
)

func init() { addGolden(goldenWebhook) }

var goldenWebhook = map[string]Fact{
	"webhook.made.v1":           &WebhookMade{WebhookID: "w-1", WebhookSettings: webhookSettings, WebhookSecret: webhookSecret},
	"webhook.edited.v1":         &WebhookEdited{webhookSettings},
	"webhook.secret_changed.v1": &WebhookSecretChanged{WebhookSecret: webhookSecret, OldUntil: moment},
	"webhook.disabled.v1":       &WebhookDisabled{Cause: WebhookFailing},
	"webhook.enabled.v1":        &WebhookEnabled{},
	"webhook.replayed.v1":       &WebhookReplayed{From: 123_456_789_012_345_678, Term: 7},
	"webhook.deleted.v1":        &WebhookDeleted{},
}

// TestBookkeeping: facts about the operation of the servers are not delivered, nor can a webhook request them.
func TestBookkeeping(t *testing.T) {
	for _, test := range []struct {
		stream    StreamID
		name      string
		delivered bool
	}{
		{"booking-b", "booking.booked.v1", true},
		{"product-p", "product.reserved.v1", true},
		{"waitingroom-door", "waitingroom.joined.v1", true},
		{"refusals-2031-05-01", "refusal.recorded.v1", true},
		{"waitingroom-door", "waitingroom.run.v1", false},
		{"webhook-w", "webhook.made.v1", false},
		{"webhook-w", "cursor.moved.v1", false},
		{"booking-b", "cursor.moved.v1", false},
		{SettingsStream, "settings.pass_keys_added.v1", false},
		{SettingsStream, "holder.forgotten.v1", false},
		{"apikey-k", "apikey.made.v1", false},
		{"apikey-k", "product.reserved.v1", false},
		{"~foreign", "product.reserved.v1", false},
	} {
		if got := Bookkeeping(test.stream, test.name); got == test.delivered {
			t.Errorf("Bookkeeping(%s, %s) = %t, want %t", test.stream, test.name, got, !test.delivered)
		}
		if test.delivered && !Deliverable(test.name) {
			t.Errorf("Deliverable(%s) = false, want true", test.name)
		}
	}
	for _, name := range []string{"", "booking.booked", "booking.booked.v9", "cursor.moved.v1", "webhook.made.v1",
		"waitingroom.run.v1", "settings.pass_keys_added.v1", "holder.forgotten.v1"} {
		if Deliverable(name) {
			t.Errorf("Deliverable(%q) = true, want false", name)
		}
	}
}
