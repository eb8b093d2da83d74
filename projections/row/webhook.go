package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Webhook is the fold of one webhook's stream.
type Webhook struct {
	ID events.WebhookID
	events.WebhookSettings
	Disabled, Deleted bool
	// Cause is the reason why the webhook is disabled, "" if it is not.
	Cause events.WebhookDisabledCause
	// Reached is the position up to which everything was delivered.
	Reached events.Position
	// CursorFailure describes the failing event, NextAt is the time of the next attempt; see events.CursorMoved.
	events.CursorFailure
	NextAt time.Time
	// Replays is the number of replays, Term the number of takeovers and replays.
	Replays, Term int64
	// Secret is the number of the newest secret; the previous one also signs until OldUntil.
	Secret   int64
	OldUntil time.Time
	// Edited is the revision of the newest edit.
	Edited events.Revision
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created is the store's time of the first event.
	Created time.Time
}

// Apply applies the next event of the webhook's stream, as [Product.Apply] does.
func (w *Webhook) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return w.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (w *Webhook) ApplyFact(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.WebhookMade)
	if done, err := CheckNext(e, fact, revisionOf(w.ID != "", w.Revision), isCreation); done || err != nil {
		return err
	}
	edit := true
	switch f := fact.(type) {
	case *events.WebhookMade:
		*w = Webhook{ID: events.WebhookID(e.Stream.Entity()), WebhookSettings: f.WebhookSettings, Secret: f.Number,
			Reached: e.Position, Created: e.Created}
	case *events.WebhookEdited:
		w.WebhookSettings = f.WebhookSettings
		w.clearFailure()
	case *events.WebhookDisabled:
		w.Disabled, w.Cause = true, f.Cause
	case *events.WebhookEnabled:
		w.Disabled, w.Cause = false, ""
		w.clearFailure()
	case *events.WebhookDeleted:
		w.Deleted = true
	default:
		edit = false
		if err := w.applyProgress(e, fact); err != nil {
			return err
		}
	}
	if edit {
		w.Edited = e.Revision
	}
	w.Revision, w.Position = e.Revision, e.Position
	return nil
}

// applyProgress applies a fact that does not change the resource's revision.
func (w *Webhook) applyProgress(e *events.Recorded, fact events.Fact) error {
	switch f := fact.(type) {
	case *events.WebhookSecretChanged:
		w.Secret, w.OldUntil = f.Number, f.OldUntil
	case *events.WebhookReplayed:
		w.clearFailure()
		w.Reached, w.Term = f.From-1, f.Term
		w.Replays++
	case *events.CursorTaken:
		if w.Term = f.Term; f.Copied {
			w.clearFailure()
			w.Reached = f.Reached
		}
	case *events.CursorMoved:
		w.Reached, w.NextAt, w.CursorFailure = f.Reached, f.NextAt, f.CursorFailure
	default:
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	return nil
}

func (w *Webhook) clearFailure() { w.CursorFailure, w.NextAt = events.CursorFailure{}, time.Time{} }

// AppendWebhook appends the record of a webhook: all but the id.
func AppendWebhook(dst []byte, w *Webhook) []byte {
	dst = AppendString(AppendString(AppendString(dst, w.URL), w.Description), string(w.Cause))
	dst = AppendInt(dst, int64(len(w.Types)))
	for _, name := range w.Types {
		dst = AppendString(dst, name)
	}
	for _, n := range []int64{boolInt(w.Disabled), boolInt(w.Deleted), int64(w.Reached), int64(w.Failing), w.Failures,
		w.Replays, w.Term, w.Secret, int64(w.Edited), int64(w.Revision), int64(w.Position)} {
		dst = AppendInt(dst, n)
	}
	dst = AppendString(dst, w.Error)
	for _, t := range []time.Time{w.Since, w.NextAt, w.OldUntil, w.Created} {
		dst = AppendTime(dst, t)
	}
	return dst
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// DecodeWebhook reads what [AppendWebhook] wrote. Error: [ErrRecord].
func DecodeWebhook(id string, record []byte) (Webhook, error) {
	r := NewReader(record)
	w := Webhook{ID: events.WebhookID(id)}
	w.URL, w.Description, w.Cause = r.Text(), r.Text(), events.WebhookDisabledCause(r.Text())
	for range r.Int() {
		if !r.OK() {
			break
		}
		w.Types = append(w.Types, r.Text())
	}
	w.Disabled, w.Deleted = r.Int() != 0, r.Int() != 0
	w.Reached, w.Failing, w.Failures = events.Position(r.Int()), events.Position(r.Int()), r.Int()
	w.Replays, w.Term, w.Secret = r.Int(), r.Int(), r.Int()
	w.Edited, w.Revision, w.Position = events.Revision(r.Int()), events.Revision(r.Int()), events.Position(r.Int())
	w.Error = r.Text()
	w.Since, w.NextAt, w.OldUntil, w.Created = r.Time(), r.Time(), r.Time(), r.Time()
	return w, r.Done()
}

// WebhookAt folds a webhook up to a position; nil if it did not exist by then. Errors: those of
// [Webhook.Apply]; the store's.
func WebhookAt(
	ctx context.Context, store events.Store, id events.WebhookID, position events.Position,
) (*Webhook, error) {
	return foldAt(ctx, store, events.NewStreamID(events.WebhookCategory, string(id)), position, (*Webhook).Apply)
}
