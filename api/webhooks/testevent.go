package webhooks

import (
	"context"
	"net/url"
	"time"

	"admitone/actors"
	"admitone/actors/webhook"
	"admitone/events"
)

// TestType is the type of the event that a test delivers. No recorded event has it.
const TestType = "webhook.test.v1"

// Result of a test.
type Result struct {
	// EventID is the id of the test event.
	EventID string
	// Status of the response, 0 without one. Error is the reason of a failure, "" after a
	// success.
	Status int
	Error  string
}

// Test delivers a test event to a webhook, once, and returns the outcome. Nothing is recorded. Errors:
// [actors.ErrOverloaded], if too many tests are running; ctx's.
func (d *Dispatcher) Test(ctx context.Context, state *webhook.State) (Result, error) {
	select {
	case d.testing <- struct{}{}:
		defer func() { <-d.testing }()
	default:
		return Result{}, actors.ErrOverloaded
	}
	id := actors.NewID().String()
	secrets, err := d.config.Key.signing(state, time.Now())
	if err != nil {
		return Result{EventID: id, Error: err.Error()}, nil
	}
	sender := newSender(d.config.AllowPrivate, attemptLimit/d.shortDivisor())
	defer sender.close()
	status, err := sender.send(ctx, state.Settings.URL, secrets,
		&message{id: id, body: testEvent(id, state.ID, time.Now())})
	result := Result{EventID: id, Status: status}
	if err != nil {
		result.Error = err.Error()
	}
	return result, ctx.Err()
}

// testEvent returns a CloudEvent that has no log position.
func testEvent(id string, webhookID events.WebhookID, now time.Time) []byte {
	data := events.OpenObject(nil)
	data.String("webhook_id", string(webhookID))
	o := events.OpenObject(nil)
	o.String("specversion", "1.0")
	o.String("id", id)
	o.String("source", "/v1/webhooks/"+url.PathEscape(string(webhookID)))
	o.String("type", TestType)
	o.String("subject", string(webhookID))
	o.Time("time", now.UTC())
	o.String("datacontenttype", "application/json")
	o.Raw("data", data.Close())
	return o.Close()
}
