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

// delivery is the work behind the cursor of a webhook. It implements [cursor.Work].
type delivery struct {
	sender *sender
	key    *Key
	// state of the webhook when the delivery began. After a change another one begins.
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
		return &cursor.End{Err: err}
	}
	return err
}

// errOtherKey: the newest secret is of a key that this server does not have.
var errOtherKey = errors.New("this server's key of webhooks is not the one that the secret was made from")

// signing returns the secrets that sign at a time. A secret of another key than this one is left
// out. Error: errOtherKey, if that is the newest.
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
