package api

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/webhook"
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "webhooks", rules: webhook.Kind, routes: (*Server).webhookRoutes})
}

func (s *Server) webhookRoutes() {
	const all, one = "/v1/webhooks", "/v1/webhooks/:id"
	s.handle(fiber.MethodGet, all, s.listWebhooks)
	s.handle(fiber.MethodGet, one, s.oneWebhook)
	if s.config.Webhooks == nil && s.config.AsOf == nil {
		return
	}
	s.handle(fiber.MethodPost, all, s.makeWebhook)
	s.handle(fiber.MethodPatch, one, s.editWebhook)
	s.handle(fiber.MethodDelete, one, s.deleteWebhook)
	s.handle(fiber.MethodPost, one+"/secret", s.changeWebhookSecret)
	s.handle(fiber.MethodPost, one+"/test", s.testWebhook)
	s.handle(fiber.MethodPost, one+"/replay", s.replayWebhook)
}

// Members of a webhook's body.
const (
	fieldURL         = "url"
	fieldTypes       = "types"
	fieldDescription = "description"
)

// maxTypes bounds the event types of a webhook.
const maxTypes = 200

// The statuses of a webhook.
const (
	webhookEnabled  = "enabled"
	webhookDisabled = "disabled"
)

// webhookParam returns the id in the path. It refuses callers who are not admins.
func (r *request) webhookParam() (events.WebhookID, error) {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return "", err
	}
	return param[events.WebhookID](r, "id", "webhook")
}

// checkWebhookURL validates a URL, unless it is nil.
func (s *Server) checkWebhookURL(url *string) error {
	if url == nil {
		return nil
	}
	if fault := s.config.Webhooks.URLFault(*url); fault != "" {
		return invalidField(fieldURL, fault)
	}
	return nil
}

// webhookTypes decodes the event types. It returns nil if they are absent, and a pointer to nil if they are null, which
// means all types.
func webhookTypes(given jsontext.Value) (*[]string, error) {
	var types []string
	switch {
	case given == nil:
		return nil, nil
	case given.Kind() == 'n':
		return &types, nil
	}
	const rule = "a list of different types of events; omit it for all"
	if err := json.Unmarshal(given, &types); err != nil || len(types) == 0 || len(types) > maxTypes {
		return nil, invalidField(fieldTypes, rule)
	}
	for i, name := range types {
		if !events.Deliverable(name) {
			return nil, invalidField(fieldTypes, fmt.Sprintf("%.100q is not a type of event that is delivered", name))
		}
		if slices.Contains(types[:i], name) {
			return nil, invalidField(fieldTypes, rule)
		}
	}
	return &types, nil
}

// checkDescription validates a description, unless it is nil. An empty one is valid.
func checkDescription(text *string) error {
	if text != nil && *text != "" && !validText(*text, maxName) {
		return invalidField(fieldDescription, "at most 200 characters, none of them a control character")
	}
	return nil
}

// makeWebhook creates a webhook: 201 with its secret, or 200 without it if an identical one exists.
func (s *Server) makeWebhook(r *request) error {
	command, err := s.newWebhook(r)
	if err != nil {
		return err
	}
	stream := webhook.Stream(command.ID)
	answer, err := r.dispatchNew(stream, command)
	if err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/webhooks/"+string(command.ID))
	if len(answer.Facts) == 0 {
		return s.webhookNow(r, command.ID, nil)
	}
	var created row.Webhook
	if err := created.Apply(&events.Recorded{Event: events.Event{Type: answer.Facts[0].Name(), Fact: answer.Facts[0]},
		Stream: stream, Revision: answer.Revision, Position: answer.Position}); err != nil {
		return err
	}
	r.setETag(created.Edited)
	secret := s.config.Webhooks.Key().Secret(created.ID, created.Secret)
	r.ctx.Set(fiber.HeaderCacheControl, "no-store")
	return r.json(fiber.StatusCreated, appendWebhook(nil, &created, func(o *events.Object) { o.String("secret", secret) }))
}

// newWebhook decodes and validates the body of a new webhook.
func (s *Server) newWebhook(r *request) (*webhook.Make, error) {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return nil, err
	}
	var body struct {
		ID          *events.WebhookID `json:"id"`
		URL         string            `json:"url"`
		Types       jsontext.Value    `json:"types"`
		Description string            `json:"description"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, err
	}
	id, err := newID(r, body.ID)
	if err != nil {
		return nil, err
	}
	if err := s.checkWebhookURL(&body.URL); err != nil {
		return nil, err
	}
	types, err := webhookTypes(body.Types)
	if err != nil {
		return nil, err
	}
	if err := checkDescription(&body.Description); err != nil {
		return nil, err
	}
	others, _, err := s.config.Views.Webhooks("", webhook.Max)
	return &webhook.Make{ID: id, Key: s.config.Webhooks.Key().Fingerprint(), Others: len(others),
		Settings: events.WebhookSettings{URL: body.URL, Types: core.Or(types, nil), Description: body.Description}}, err
}

// listWebhooks answers with a page of webhooks.
func (s *Server) listWebhooks(r *request) error {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return err
	}
	p, err := r.paging()
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil {
		return err
	}
	rows, next, err := s.config.Views.Webhooks(p.after, p.limit)
	if err != nil {
		return err
	}
	return r.list(len(rows), next, func(dst []byte, i int) ([]byte, error) {
		return AppendWebhook(dst, &rows[i], nil), nil
	}, nil)
}

// oneWebhook answers with a webhook. The ETag is the revision of its newest edit. Members such as `reached` change
// without changing it.
func (s *Server) oneWebhook(r *request) error {
	id, err := r.webhookParam()
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil {
		return err
	}
	found, ok, err := s.config.Views.Webhook(id)
	if err != nil {
		return err
	}
	if !ok {
		return notFound("webhook")
	}
	if r.setETag(found.Edited) && found.Revision == found.Edited {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, AppendWebhook(nil, &found, nil))
}

// editWebhook edits a webhook. A stale edit is refused.
func (s *Server) editWebhook(r *request) error {
	id, err := r.webhookParam()
	if err != nil {
		return err
	}
	edited, err := r.ifMatch()
	if err != nil {
		return err
	}
	command, err := s.newWebhookEdit(r)
	if err != nil {
		return err
	}
	if _, err := r.dispatch(webhook.Stream(id), command, &editBase{revision: *edited, edit: true}); err != nil {
		return s.staleWebhook(err, id, *edited)
	}
	return s.webhookNow(r, id, nil)
}

// newWebhookEdit decodes and validates the body of an edit.
func (s *Server) newWebhookEdit(r *request) (*webhook.Edit, error) {
	var body struct {
		URL         *string        `json:"url"`
		Types       jsontext.Value `json:"types"`
		Description *string        `json:"description"`
		Status      *string        `json:"status"`
	}
	if err := r.decode(&body, false, fieldTypes); err != nil {
		return nil, err
	}
	if err := s.checkWebhookURL(body.URL); err != nil {
		return nil, err
	}
	types, err := webhookTypes(body.Types)
	if err != nil {
		return nil, err
	}
	if err := checkDescription(body.Description); err != nil {
		return nil, err
	}
	command := &webhook.Edit{URL: body.URL, Types: types, Description: body.Description}
	if body.Status != nil {
		enabled := *body.Status == webhookEnabled
		if !enabled && *body.Status != webhookDisabled {
			return nil, invalidField("status", webhookEnabled+" or "+webhookDisabled)
		}
		command.Enabled = &enabled
	}
	return command, nil
}

// deleteWebhook deletes a webhook.
func (s *Server) deleteWebhook(r *request) error {
	id, err := r.webhookParam()
	if err != nil {
		return err
	}
	answer, err := r.dispatch(webhook.Stream(id), &webhook.Delete{}, nil)
	if err != nil {
		return err
	}
	o := events.OpenObject(nil)
	o.String("id", string(id))
	o.String("status", "deleted")
	o.Int("position", int64(answer.Position))
	return r.json(fiber.StatusOK, o.Close())
}

// changeWebhookSecret replaces the secret of a webhook, and answers with the new one.
func (s *Server) changeWebhookSecret(r *request) error {
	id, err := r.webhookParam()
	if err != nil {
		return err
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	key := s.config.Webhooks.Key()
	answer, err := r.dispatch(webhook.Stream(id), &webhook.ChangeSecret{Key: key.Fingerprint()}, nil)
	if err != nil {
		return err
	}
	changed := answer.Facts[0].(*events.WebhookSecretChanged)
	r.ctx.Set(fiber.HeaderCacheControl, "no-store")
	return s.webhookNow(r, id, func(o *events.Object) {
		o.String("secret", key.Secret(id, changed.Number))
		o.Time("old_secret_until", changed.OldUntil)
	})
}

// testWebhook delivers a test event, and answers with the result.
func (s *Server) testWebhook(r *request) error {
	id, err := r.webhookParam()
	if err != nil {
		return err
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	state, _, err := s.webhookState(ctx, id)
	if err != nil {
		return err
	}
	result, err := s.config.Webhooks.Test(context.Background(), &state) // has the timeout of a delivery
	if err != nil {
		return err
	}
	o := events.OpenObject(nil)
	o.Bool("delivered", result.Error == "")
	o.String("event_id", result.EventID)
	if result.Status != 0 {
		o.Int("status", int64(result.Status))
	}
	if result.Error != "" {
		o.String("error", result.Error)
	}
	return r.json(fiber.StatusOK, o.Close())
}

// replayWebhook makes the webhook deliver events again, starting at a position.
func (s *Server) replayWebhook(r *request) error {
	id, err := r.webhookParam()
	if err != nil {
		return err
	}
	var body struct {
		From *int64 `json:"from"`
	}
	if err := r.decode(&body, false); err != nil {
		return err
	}
	if body.From == nil || *body.From < 1 {
		return invalidField("from", "a position in the log: that of the first event to be delivered again")
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	createdAt, err := s.config.Webhooks.CreatedAt(ctx, id)
	if err != nil {
		return err
	}
	command := &webhook.Replay{From: events.Position(*body.From), Made: createdAt}
	if _, err := r.dispatch(webhook.Stream(id), command, nil); err != nil {
		return err
	}
	return s.webhookNow(r, id, nil)
}
