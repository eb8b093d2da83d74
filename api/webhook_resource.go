package api

import (
	"context"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/webhook"
	"admitone/events"
	"admitone/projections/row"
)

// webhookState returns the current state of a webhook from its entity. Errors: not_found; the desk's.
func (s *Server) webhookState(ctx context.Context, id events.WebhookID) (webhook.State, actors.Answer, error) {
	var (
		state  webhook.State
		exists bool
	)
	answer, err := s.config.Desk.View(ctx, webhook.Stream(id), func(c core.Core) {
		w := c.(*webhook.Webhook)
		state, exists = w.State(), w.Exists()
	})
	if err != nil {
		return webhook.State{}, answer, err // not state: View may still write it
	}
	if !exists {
		return state, answer, notFound("webhook")
	}
	s.notePosition(answer.Position)
	return state, answer, nil
}

// webhookNow answers with the current state of a webhook from its entity, and with the members that more appends.
func (s *Server) webhookNow(r *request, id events.WebhookID, more func(*events.Object)) error {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	state, answer, err := s.webhookState(ctx, id)
	if err != nil {
		return err
	}
	createdAt, err := s.config.Webhooks.CreatedAt(ctx, id)
	if err != nil {
		return err
	}
	now := row.Webhook{ID: id, WebhookSettings: state.Settings, Disabled: state.Disabled, Cause: state.Cause,
		Reached: state.Reached(createdAt), CursorFailure: state.Cursor.CursorFailure, NextAt: state.Cursor.NextAt,
		Edited: state.Edited, Revision: answer.Revision, Position: answer.Position}
	r.setETag(now.Edited)
	return r.json(fiber.StatusOK, appendWebhook(nil, &now, more))
}

// WebhookStatus returns the status of a webhook: enabled or disabled.
func WebhookStatus(w *row.Webhook) string {
	if w.Disabled {
		return webhookDisabled
	}
	return webhookEnabled
}

// AppendWebhook appends a webhook as the HTTP resource, with as_of unless at is nil.
func AppendWebhook(dst []byte, w *row.Webhook, at *row.Moment) []byte {
	return appendWebhook(dst, w, func(o *events.Object) {
		if at != nil {
			o.Raw("as_of", appendAsOf(nil, *at))
		}
	})
}

// appendWebhook appends a webhook, and the members that more appends unless it is nil.
func appendWebhook(dst []byte, w *row.Webhook, more func(*events.Object)) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(w.ID))
	o.String(fieldURL, w.URL)
	if w.Types != nil {
		types, _ := json.Marshal(w.Types) // strings can always be encoded
		o.Raw(fieldTypes, types)
	}
	o.String(fieldDescription, w.Description)
	o.String("status", WebhookStatus(w))
	if w.Cause != "" {
		o.String("disabled_because", string(w.Cause))
	}
	o.Int("reached", int64(w.Reached))
	if w.Failing != 0 {
		o.Time("failing_since", w.Since)
		o.String("last_error", w.Error)
		if !w.NextAt.IsZero() && !w.Disabled {
			o.Time("next_at", w.NextAt)
		}
	}
	o.Int("revision", int64(w.Edited))
	o.Int("position", int64(w.Position))
	if more != nil {
		more(&o)
	}
	return o.Close()
}

// staleWebhook adds the revision of the newest edit to the refusal of a stale edit. It returns other errors unchanged.
func (s *Server) staleWebhook(err error, id events.WebhookID, known events.Revision) error {
	refusal, ok := err.(*core.Refusal)
	if !ok || refusal.Code != core.CodeStaleRevision {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	state, _, err := s.webhookState(ctx, id)
	if err != nil {
		return err
	}
	return &problem{code: refusal.Code, detail: staleDetail(refusal, known),
		fields: core.Fields{"current_revision": state.Edited}}
}
