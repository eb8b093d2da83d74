package projections

import (
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{version: "keyscope.v1", open: func(p *Projections) view { return newKeyScopes(p) }})
}

// keyScopes is the view of the idempotency keys of commands whose stream the request's body names. A different body
// with the same key names a stream that does not record the key. Unlike other views it folds events of
// several categories, each of which belongs to another view.
type keyScopes struct{ used *records[keyedCommand] }

// keyedCommand is the id of the newest command under a key, and when it was decided.
type keyedCommand struct {
	id string
	at int64 // Unix nanoseconds
}

func newKeyScopes(p *Projections) *keyScopes {
	return &keyScopes{used: newRecords(p, "keyscope", func(dst []byte, c *keyedCommand) []byte {
		return row.AppendString(row.AppendInt(dst, c.at), c.id)
	}, func(record []byte) (c keyedCommand, err error) {
		r := row.NewReader(record)
		c.at, c.id = r.Int(), r.Text()
		return c, r.Done()
	})}
}

// chosenIDs are the categories whose ids clients choose when they create an entity.
var chosenIDs = map[string]bool{events.ProductCategory: true, events.PerformanceCategory: true,
	events.TournamentCategory: true, events.TeamCategory: true, events.WebhookCategory: true}

// scopeOf returns the scope of the keys of a request that led to e, "" if e's stream was not named
// by its body.
func scopeOf(e *events.Recorded, fact events.Fact) string {
	switch f := fact.(type) {
	case *events.PaymentReceived:
		return f.Path()
	case *events.PlanSealed:
		return events.PlanCategory
	}
	if category := e.Stream.Category(); e.Revision == 0 && chosenIDs[category] {
		return category
	}
	return ""
}

func (k *keyScopes) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	scope := scopeOf(e, fact)
	if scope == "" {
		return 0, nil
	}
	m, err := events.ParseMetadata(e.Metadata)
	key, keyed := events.KeyOfCommand(m.CommandID)
	if err != nil || !keyed {
		return 0, nil // the event was written without a key, or by another program
	}
	k.used.set(ownedKey(strings.Clone(scope), key), &keyedCommand{strings.Clone(m.CommandID), m.At.UnixNano()})
	return 1, nil
}

func (k *keyScopes) flush(b *pebble.Batch) error { return k.used.flush(b) }

func (k *keyScopes) reset() { k.used.reset() }

func (k *keyScopes) topics() []*live.Topics { return nil }

// KeyUsed returns the id of the newest command with an idempotency key in a scope, "" if none was decided at or
// after since. The scope is the category of the entities that such commands create, or the path of the purchase of
// an external payment. Errors: the disk's.
func (p *Projections) KeyUsed(scope, key string, since time.Time) (string, error) {
	if err := p.enter(); err != nil {
		return "", err
	}
	defer p.leave()
	used, ok, err := p.keyScopes.used.get(ownedKey(scope, key))
	if err != nil || !ok || used.at < since.UnixNano() {
		return "", err
	}
	return used.id, nil
}
