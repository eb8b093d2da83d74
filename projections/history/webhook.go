package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

func init() {
	register(kind{category: events.WebhookCategory, describe: describeWebhook,
		links:   func(*links, *events.Recorded, events.Fact) {},
		example: "webhook/shop (its deliveries and failures)"})
}

// describeWebhook describes a fact of a webhook.
func describeWebhook(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.WebhookMade:
		return "made: " + webhookSettings(&f.WebhookSettings) + "; " + describeSecret(&f.WebhookSecret)
	case *events.WebhookEdited:
		return "edited; it is now: " + webhookSettings(&f.WebhookSettings)
	case *events.WebhookSecretChanged:
		return fmt.Sprintf("given a new secret, and the previous one also signs until %s; %s",
			events.FormatTime(f.OldUntil), describeSecret(&f.WebhookSecret))
	case *events.WebhookDisabled:
		return "disabled: " + disabledBecause(f.Cause)
	case *events.WebhookEnabled:
		return "enabled; deliveries continue from the same position"
	case *events.WebhookReplayed:
		return fmt.Sprintf("events from position %d on are delivered again; term %d", f.From, f.Term)
	case *events.WebhookDeleted:
		return "deleted"
	}
	return describeCursor(fact)
}

func webhookSettings(s *events.WebhookSettings) string {
	types := "all types of events"
	if s.Types != nil {
		types = strings.Join(s.Types, ", ")
	}
	text := fmt.Sprintf("%s go to %s", types, s.URL)
	if s.Description != "" {
		text += fmt.Sprintf(" (%s)", s.Description)
	}
	return text
}

func describeSecret(s *events.WebhookSecret) string {
	return fmt.Sprintf("secret %d is derived from the key with the fingerprint %s", s.Number, s.Key)
}

func disabledBecause(cause events.WebhookDisabledCause) string {
	switch cause {
	case events.WebhookAsked:
		return "it was requested"
	case events.WebhookGone:
		return "its receiver answered that it is gone for good"
	case events.WebhookFailing:
		return "an event could not be delivered for too long"
	}
	return string(cause)
}

// describeCursor describes the progress of a cursor, "" for any other fact.
func describeCursor(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.CursorTaken:
		text := fmt.Sprintf("server %s does the work from now on, term %d", f.Node, f.Term)
		if f.Copied {
			text += fmt.Sprintf("; in this copy of the log everything up to position %d is done", f.Reached)
		}
		return text
	case *events.CursorMoved:
		text := fmt.Sprintf("everything up to position %d is done", f.Reached)
		if f.Failing != 0 {
			text += fmt.Sprintf("; position %d has failed %s since %s: %s", f.Failing, counted(f.Failures, "time"),
				events.FormatTime(f.Since), f.Error)
		}
		if !f.NextAt.IsZero() {
			text += "; the next attempt is expected by " + events.FormatTime(f.NextAt)
		}
		return text
	}
	return ""
}
