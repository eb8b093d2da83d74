package events

import (
	"slices"
	"strings"
	"time"
)

func init() {
	register[WebhookMade]()
	register[WebhookEdited]()
	register[WebhookSecretChanged]()
	register[WebhookDisabled]()
	register[WebhookEnabled]()
	register[WebhookReplayed]()
	register[WebhookDeleted]()
}

// WebhookID identifies a webhook; its format is that of [ProductID].
type WebhookID string

// WebhookSettings are the settings chosen by the organiser.
type WebhookSettings struct {
	// URL is the address to which events are delivered.
	URL string `json:"url"`
	// Types are the wire names of the facts to deliver, nil for all.
	Types []string `json:"types,omitzero"`
	// Description is for display.
	Description string `json:"description,omitzero"`
}

// Equal reports whether s and other are the same settings.
func (s *WebhookSettings) Equal(other *WebhookSettings) bool {
	return s.URL == other.URL && s.Description == other.Description && slices.Equal(s.Types, other.Types)
}

// WebhookSecret identifies a secret that signs deliveries without revealing it. The secret is derived from a
// key that the servers on a log share, the webhook's id and the secret's number.
type WebhookSecret struct {
	// Number is the number of the secret within the webhook, from 1.
	Number int64 `json:"secret"`
	// Key is the fingerprint of the key.
	Key string `json:"key"`
}

// WebhookMade creates a webhook, which delivers the events after this fact.
type WebhookMade struct {
	WebhookID WebhookID `json:"webhook_id"`
	WebhookSettings
	WebhookSecret
}

func (*WebhookMade) Name() string { return "webhook.made.v1" }

// WebhookEdited replaces the settings.
type WebhookEdited struct{ WebhookSettings }

func (*WebhookEdited) Name() string { return "webhook.edited.v1" }

// WebhookSecretChanged replaces the secret; both sign for a while.
type WebhookSecretChanged struct {
	WebhookSecret
	// OldUntil is when the previous secret ceases to sign.
	OldUntil time.Time `json:"old_until"`
}

func (*WebhookSecretChanged) Name() string { return "webhook.secret_changed.v1" }

// WebhookDisabledCause is why a webhook was disabled.
type WebhookDisabledCause string

// The causes.
const (
	// WebhookAsked: the organiser disabled the webhook.
	WebhookAsked WebhookDisabledCause = "asked"
	// WebhookGone: the receiver answered 410 Gone.
	WebhookGone WebhookDisabledCause = "gone"
	// WebhookFailing: an event could not be delivered for days.
	WebhookFailing WebhookDisabledCause = "failing"
)

// WebhookDisabled stops deliveries until the webhook is enabled. They then resume at the same position.
type WebhookDisabled struct {
	Cause WebhookDisabledCause `json:"cause"`
}

func (*WebhookDisabled) Name() string { return "webhook.disabled.v1" }

// WebhookEnabled resumes deliveries.
type WebhookEnabled struct{}

func (*WebhookEnabled) Name() string { return "webhook.enabled.v1" }

// WebhookReplayed moves the cursor back to deliver events again. It increases the cursor's term by one, so that
// deliveries in progress cannot move the cursor forward.
type WebhookReplayed struct {
	// From is the position of the first event to deliver again.
	From Position `json:"from"`
	// Term is the term of the cursor from now on.
	Term int64 `json:"term"`
}

func (*WebhookReplayed) Name() string { return "webhook.replayed.v1" }

// WebhookDeleted ends a webhook permanently.
type WebhookDeleted struct{}

func (*WebhookDeleted) Name() string { return "webhook.deleted.v1" }

// bookkeeping has the categories in the names of facts that are never delivered. The facts of cursors and
// holders are in streams of other categories.
var bookkeeping = []string{WebhookCategory, SettingsCategory, APIKeyCategory, "cursor", "holder"}

// Bookkeeping reports whether an event, given by its stream and wire name, is about the operation of the
// servers: webhooks, cursors, terms, settings and keys. Such events are not delivered.
func Bookkeeping(stream StreamID, name string) bool {
	kind, _, _ := strings.Cut(name, ".")
	return stream.Internal() || name == (&WaitingRoomRun{}).Name() || slices.Contains(bookkeeping, kind) ||
		slices.Contains(bookkeeping, stream.Category())
}

// Deliverable reports whether webhooks can deliver facts of a wire name.
func Deliverable(name string) bool { return formats[name] != nil && !Bookkeeping("", name) }
