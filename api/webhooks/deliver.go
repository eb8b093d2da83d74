package webhooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"admitone/actors/cursor"
	"admitone/actors/webhook"
	"admitone/events"
)

// delivery delivers the events of the log to one webhook. It implements [cursor.Work].
type delivery struct {
	sender *sender
	key    *Key
	// state is the webhook at the start of the delivery. A change of the webhook restarts the delivery.
	state *webhook.State
}

// Wants implements [cursor.Work].
func (d *delivery) Wants(e *events.Recorded) bool {
	types := d.state.Settings.Types
	return (types == nil || slices.Contains(types, e.Type)) && !events.Bookkeeping(e.Stream, e.Type)
}

// Do implements [cursor.Work].
func (d *delivery) Do(ctx context.Context, e *events.Recorded) error {
	secrets, err := d.key.signing(d.state, time.Now())
	if err != nil {
		return err
	}
	_, err = d.sender.send(ctx, d.state.Settings.URL, secrets,
		&message{id: e.ID.String(), body: events.AppendCloudEvent(nil, e)})
	if answered := (*statusError)(nil); errors.As(err, &answered) && answered.status == http.StatusGone {
		return &cursor.FinalError{Err: err}
	}
	return err
}

// errOtherKey means that the newest secret was derived from a key that this server does not have.
var errOtherKey = errors.New("this server's webhook key is not the one from which the secret was derived")

// signing returns the secrets that are valid at now, the newest first. It skips secrets derived from
// a different key. Error: errOtherKey, if the newest one is.
func (k *Key) signing(s *webhook.State, now time.Time) (secrets [][]byte, err error) {
	own := k.Fingerprint()
	for i, secret := range s.Signing(now) {
		switch {
		case secret.Key == own:
			secrets = append(secrets, k.bytes(s.ID, secret.Number))
		case i == 0:
			return nil, fmt.Errorf("%w (%s, not %s)", errOtherKey, own, secret.Key)
		}
	}
	return secrets, nil
}
