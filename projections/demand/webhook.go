package demand

import "admitone/events"

func init() {
	// No sale depends on what is told to others.
	register(consequence, &events.WebhookMade{}, &events.WebhookEdited{}, &events.WebhookSecretChanged{},
		&events.WebhookDisabled{}, &events.WebhookEnabled{}, &events.WebhookReplayed{}, &events.WebhookDeleted{})
}
