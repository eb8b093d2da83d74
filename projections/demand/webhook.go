package demand

import "admitone/events"

func init() {
	// Webhooks change no outcome of a sale, so a replay skips them.
	register(consequence, &events.WebhookMade{}, &events.WebhookEdited{}, &events.WebhookSecretChanged{},
		&events.WebhookDisabled{}, &events.WebhookEnabled{}, &events.WebhookReplayed{}, &events.WebhookDeleted{})
}
