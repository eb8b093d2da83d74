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

// WebhookSettings are the settings by the organiser.
type WebhookSettings struct {
	// URL that events are delivered to.
	URL string `json:"url"`
	// Types are the wire names of the facts that are delivered; nil is all.
	Types []string `json:"types,omitzero"`
	// Description is for display.
	Description string `json:"description,omitzero"`
}

// Equal reports whether two webhooks have the same settings.
func (s *WebhookSettings) Equal(other *WebhookSettings) bool {
	return s.URL == other.URL && s.Description == other.Description && slices.Equal(s.Types, other.Types)
}

// WebhookSecret names a secret that signs deliveries, without revealing it: it is derived from a
// key that the servers on a log share, the webhook's id and the number.
type WebhookSecret struct {
	// Number counts the secrets of a webhook, from 1.
	Number int64 `json:"secret"`
	// Key is the fingerprint of the key.
	Key string `json:"key"`
}

// WebhookMade creates a webhook. It delivers the events after this fact.
type WebhookMade struct {
	WebhookID WebhookID `json:"webhook_id"`
	WebhookSettings
	WebhookSecret
}

func (*WebhookMade) Name() string { return "webhook.made.v1" }

// WebhookEdited states the settings from now on.
type WebhookEdited struct{ WebhookSettings }

func (*WebhookEdited) Name() string { return "webhook.edited.v1" }

// WebhookSecretChanged adds a secret.
type WebhookSecretChanged struct {
	WebhookSecret
	// OldUntil is the time until which the previous secret still signs.
	OldUntil time.Time `json:"old_until"`
}

func (*WebhookSecretChanged) Name() string { return "webhook.secret_changed.v1" }

// WebhookDisabledCause is why a webhook was disabled.
type WebhookDisabledCause string

// The causes.
const (
	// WebhookAsked: the organiser has disabled it.
	WebhookAsked WebhookDisabledCause = "asked"
	// WebhookGone: its receiver answered 410.
	WebhookGone WebhookDisabledCause = "gone"
	// WebhookFailing: an event could not be delivered for days.
	WebhookFailing WebhookDisabledCause = "failing"
)

// WebhookDisabled stops deliveries until the webhook is enabled; they resume at the same position.
type WebhookDisabled struct {
	Cause WebhookDisabledCause `json:"cause"`
}

func (*WebhookDisabled) Name() string { return "webhook.disabled.v1" }

// WebhookEnabled resumes the deliveries.
type WebhookEnabled struct{}

func (*WebhookEnabled) Name() string { return "webhook.enabled.v1" }

// WebhookReplayed moves the cursor back to deliver events again. The cursor's term rises by one, so that deliveries in
// progress do not move it forward.
type WebhookReplayed struct {
	// From is the position of the first of them.
	From Position `json:"from"`
	// Term of the cursor from now on.
	Term int64 `json:"term"`
}

func (*WebhookReplayed) Name() string { return "webhook.replayed.v1" }

// WebhookDeleted ends a webhook permanently.
type WebhookDeleted struct{}

func (*WebhookDeleted) Name() string { return "webhook.deleted.v1" }

// bookkeeping has the categories, as in the names of facts, that are never delivered: streams about
// the servers themselves; cursors, whose facts are in streams of many categories; and holders, who
// are forgotten in the stream of settings.
var bookkeeping = []string{WebhookCategory, SettingsCategory, APIKeyCategory, "cursor", "holder"}

// Bookkeeping reports whether an event of that name in that stream is about the servers
// themselves: webhooks, cursors, terms, settings and keys. It is not delivered to anyone.
func Bookkeeping(stream StreamID, name string) bool {
	kind, _, _ := strings.Cut(name, ".")
	return stream.Internal() || name == (&WaitingRoomRun{}).Name() || slices.Contains(bookkeeping, kind) ||
		slices.Contains(bookkeeping, stream.Category())
}

// Deliverable reports whether there are facts of that wire name that are delivered.
func Deliverable(name string) bool { return formats[name] != nil && !Bookkeeping("", name) }
