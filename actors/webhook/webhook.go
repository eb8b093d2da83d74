package webhook

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers webhooks with the shell.
var Kind = core.Kind{Category: events.WebhookCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the webhook with this id.
func Stream(id events.WebhookID) events.StreamID {
	return events.NewStreamID(events.WebhookCategory, string(id))
}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

const (
	// Max is the maximum number of webhooks.
	Max = 100
	// MaxSecrets is the maximum number of secrets of one webhook that sign at the same time.
	MaxSecrets = 5
	// OldSecretFor is how long a replaced secret continues to sign.
	OldSecretFor = 24 * time.Hour
)

// Make creates a webhook. No-op if it exists with the same settings. Refusals: already_exists (with
// other settings, or deleted), limit_exceeded.
type Make struct {
	ID       events.WebhookID
	Settings events.WebhookSettings
	// Key is the fingerprint of the key from which the secret is derived.
	Key string
	// Others is the number of other webhooks, as far as the caller knows.
	Others int
}

// Edit changes the settings whose fields are not nil. If Enabled is true and deliveries fail, they are retried
// immediately. Refusal: not_found.
type Edit struct {
	URL, Description *string
	// Types is nil for no change; a pointer to nil selects all types.
	Types   *[]string
	Enabled *bool
}

// ChangeSecret adds a secret; the previous one continues to sign for [OldSecretFor]. Refusals:
// not_found; limit_exceeded (too many secrets sign).
type ChangeSecret struct {
	// Key is the fingerprint of the key from which the new secret is derived.
	Key string
}

// Replay delivers all events from a position on again. Refusals: not_found; invalid_field (deliveries have not
// reached the position).
type Replay struct {
	From events.Position
	// Made is the position of the webhook's creation.
	Made events.Position
}

// Delete permanently deletes a webhook. Refusal: not_found.
type Delete struct{}

// End disables a webhook whose deliveries have failed permanently, and records its progress. Refusals:
// not_found; stale_revision, as for [core.MoveCursor].
type End struct {
	Moved events.CursorMoved
	Cause events.WebhookDisabledCause
}

// Secret is a signing secret.
type Secret struct {
	events.WebhookSecret
	// Until is when the secret stops signing, zero for the newest.
	Until time.Time
}

// State is the state of a webhook.
type State struct {
	ID       events.WebhookID
	Settings events.WebhookSettings
	Disabled bool
	Cause    events.WebhookDisabledCause // why it is disabled, "" if it is not
	Deleted  bool
	// Secrets that sign, oldest first; some may have expired.
	Secrets []Secret
	// Cursor is the progress of the deliveries; see Reached.
	Cursor core.Cursor
	// Edited is the revision of the newest edit.
	Edited events.Revision
	// Replays is the number of replays.
	Replays int64
}

// Reached returns the position up to which all events were delivered. made is the position of the webhook's
// creation, after which deliveries begin.
func (s *State) Reached(made events.Position) events.Position {
	if s.Replays == 0 {
		return max(made, s.Cursor.Reached)
	}
	return s.Cursor.Reached
}

// Webhook is the state and the rules of one webhook. It implements [core.Core] and [core.Edited].
type Webhook struct {
	state State
	next  events.Revision // the revision of the next fact
}

// New returns a webhook that has not been created yet.
func New() core.Core { return &Webhook{} }

// State returns a copy of the state. Its slices must not be changed.
func (w *Webhook) State() State { return w.state }

// Cursor returns the cursor of the deliveries.
func (w *Webhook) Cursor() core.Cursor { return w.state.Cursor }

// Exists reports whether the webhook was created and not deleted.
func (w *Webhook) Exists() bool { return w.state.ID != "" && !w.state.Deleted }

// EditRevision implements [core.Edited].
func (w *Webhook) EditRevision() events.Revision { return w.state.Edited }

// Decide implements [core.Core].
func (w *Webhook) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	if create, ok := cmd.(*Make); ok {
		return w.create(create)
	}
	if !w.Exists() {
		return nil, &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such webhook",
			Fields: core.Fields{"resource": "webhook"}}
	}
	switch cmd := cmd.(type) {
	case *Edit:
		return w.edit(cmd), nil
	case *ChangeSecret:
		return w.changeSecret(cmd, now)
	case *Replay:
		return w.replay(cmd)
	case *Delete:
		return []events.Fact{&events.WebhookDeleted{}}, nil
	case *End:
		return w.end(cmd)
	}
	facts, err, ok := w.state.Cursor.Decide(cmd)
	if !ok {
		panic(fmt.Sprintf("webhook: no rule for %T", cmd))
	}
	return facts, err
}

func (w *Webhook) create(cmd *Make) ([]events.Fact, error) {
	switch {
	case w.state.Deleted:
		return nil, &core.Refusal{Code: core.CodeAlreadyExists,
			Detail: "a webhook with this id was deleted, and its id can't be used again; choose another id"}
	case w.Exists() && !w.state.Settings.Equal(&cmd.Settings):
		return nil, &core.Refusal{Code: core.CodeAlreadyExists,
			Detail: "a webhook with this id exists and has other settings; choose another id, or edit it"}
	case w.Exists():
		return nil, nil
	case cmd.Others >= Max:
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: fmt.Sprintf("there may be at most %d webhooks; delete one that is not needed", Max),
			Fields: core.Fields{"limit": int64(Max), "webhooks": int64(cmd.Others)}}
	}
	return []events.Fact{&events.WebhookMade{WebhookID: cmd.ID, WebhookSettings: cmd.Settings,
		WebhookSecret: events.WebhookSecret{Number: 1, Key: cmd.Key}}}, nil
}

func (w *Webhook) edit(cmd *Edit) (facts []events.Fact) {
	settings := events.WebhookSettings{URL: core.Or(cmd.URL, w.state.Settings.URL),
		Types:       core.Or(cmd.Types, w.state.Settings.Types),
		Description: core.Or(cmd.Description, w.state.Settings.Description)}
	if !settings.Equal(&w.state.Settings) {
		facts = append(facts, &events.WebhookEdited{WebhookSettings: settings})
	}
	switch enabled := core.Or(cmd.Enabled, !w.state.Disabled); {
	case enabled && w.state.Disabled:
		facts = append(facts, &events.WebhookEnabled{})
	case !enabled && !w.state.Disabled:
		facts = append(facts, &events.WebhookDisabled{Cause: events.WebhookAsked})
	case cmd.Enabled != nil && enabled && w.state.Cursor.Failures > 0: // retry immediately
		facts = append(facts, &events.WebhookDisabled{Cause: events.WebhookAsked}, &events.WebhookEnabled{})
	}
	return facts
}

func (w *Webhook) changeSecret(cmd *ChangeSecret, now time.Time) ([]events.Fact, error) {
	if len(w.state.Signing(now)) >= MaxSecrets {
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: fmt.Sprintf("%d secrets sign already, and each stops a day after it was replaced; try again later", MaxSecrets),
			Fields: core.Fields{"limit": int64(MaxSecrets)}}
	}
	newest := w.state.Secrets[len(w.state.Secrets)-1]
	return []events.Fact{&events.WebhookSecretChanged{
		WebhookSecret: events.WebhookSecret{Number: newest.Number + 1, Key: cmd.Key},
		OldUntil:      now.Add(OldSecretFor)}}, nil
}

func (w *Webhook) replay(cmd *Replay) ([]events.Fact, error) {
	if reached := w.state.Reached(cmd.Made); cmd.From > reached+1 {
		return nil, &core.Refusal{Code: core.CodeInvalidField,
			Detail: "deliveries have not reached this position, and a replay can't skip events; choose a position that was reached",
			Fields: core.Fields{"field": "from", "reached": int64(reached)}}
	}
	return []events.Fact{&events.WebhookReplayed{From: cmd.From, Term: w.state.Cursor.Term + 1}}, nil
}

func (w *Webhook) end(cmd *End) ([]events.Fact, error) {
	facts, err := w.state.Cursor.Move(&cmd.Moved)
	if err != nil || w.state.Disabled {
		return facts, err
	}
	return append(facts, &events.WebhookDisabled{Cause: cmd.Cause}), nil
}

// Signing returns the secrets that sign at a time, newest first.
func (s *State) Signing(now time.Time) (signing []Secret) {
	for i := len(s.Secrets) - 1; i >= 0; i-- {
		if secret := s.Secrets[i]; secret.Until.IsZero() || now.Before(secret.Until) {
			signing = append(signing, secret)
		}
	}
	return signing
}

// Evolve implements [core.Core].
func (w *Webhook) Evolve(fact events.Fact) {
	s := &w.state
	made, isCreation := fact.(*events.WebhookMade)
	if isCreation != (s.ID == "") || s.Deleted {
		panic(fmt.Sprintf("webhook %s: unexpected fact %s", s.ID, fact.Name()))
	}
	isEdit := true
	switch f := fact.(type) {
	case *events.WebhookMade:
		s.ID, s.Settings, s.Secrets = f.WebhookID, f.WebhookSettings, []Secret{{WebhookSecret: made.WebhookSecret}}
	case *events.WebhookEdited:
		s.Settings = f.WebhookSettings
		s.Cursor.ClearFailure()
	case *events.WebhookDisabled:
		s.Disabled, s.Cause = true, f.Cause
	case *events.WebhookEnabled:
		s.Disabled, s.Cause = false, ""
		s.Cursor.ClearFailure()
	case *events.WebhookDeleted:
		s.Deleted = true
	default:
		isEdit = false
		w.evolveNonEdit(fact)
	}
	if isEdit {
		s.Edited = w.next
	}
	w.next++
}

// evolveNonEdit applies a fact that is not an edit.
func (w *Webhook) evolveNonEdit(fact events.Fact) {
	s := &w.state
	switch f := fact.(type) {
	case *events.WebhookSecretChanged:
		kept := make([]Secret, 0, MaxSecrets+1)
		kept = append(kept, s.Secrets[max(0, len(s.Secrets)-MaxSecrets):]...)
		kept[len(kept)-1].Until = f.OldUntil
		s.Secrets = append(kept, Secret{WebhookSecret: f.WebhookSecret})
	case *events.WebhookReplayed:
		s.Cursor.Rewind(f.Term, f.From-1)
		s.Replays++
	default:
		if !s.Cursor.Evolve(fact) {
			panic(fmt.Sprintf("webhook %s: unexpected fact %s", s.ID, fact.Name()))
		}
	}
}

// NextDeadline implements [core.Core]: a webhook has no deadlines.
func (w *Webhook) NextDeadline() time.Time { return time.Time{} }

// snapshot is the format that Freeze writes.
type snapshot struct {
	State State
	Next  events.Revision
}

// Freeze implements [core.Core].
func (w *Webhook) Freeze() func(io.Writer) error {
	frozen := snapshot{w.state, w.next}
	return func(out io.Writer) error { return json.NewEncoder(out).Encode(frozen) }
}

// Restore implements [core.Core].
func (w *Webhook) Restore(r io.Reader) error {
	var saved snapshot
	err := json.NewDecoder(r).Decode(&saved)
	w.state, w.next = saved.State, saved.Next
	return err
}
