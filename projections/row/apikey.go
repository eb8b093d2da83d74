package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// APIKey is the fold of one API key's stream.
type APIKey struct {
	ID         events.APIKeyID
	Name, Role string
	// Hash is the hash of the key, in hexadecimal.
	Hash string
	// ExpiresAt is zero for a key without expiry. EndedAt is the store's time of its revocation, zero before.
	ExpiresAt, EndedAt time.Time
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created is the store's time of the first event.
	Created time.Time
}

// Live reports whether the key is valid at a time.
func (k *APIKey) Live(at time.Time) bool {
	return k.EndedAt.IsZero() && (k.ExpiresAt.IsZero() || at.Before(k.ExpiresAt))
}

// Apply applies the next event of the key's stream, as [Product.Apply] does.
func (k *APIKey) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return k.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (k *APIKey) ApplyFact(e *events.Recorded, fact events.Fact) error {
	created, isCreation := fact.(*events.APIKeyCreated)
	if done, err := CheckNext(e, fact, revisionOf(k.ID != "", k.Revision), isCreation); done || err != nil {
		return err
	}
	if isCreation {
		*k = APIKey{ID: created.APIKeyID, Name: created.DisplayName, Role: created.Role, Hash: created.Hash,
			ExpiresAt: created.ExpiresAt, Created: e.Created}
	} else if _, ends := fact.(*events.APIKeyEnded); ends && k.EndedAt.IsZero() {
		k.EndedAt = e.Created
	} else {
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	k.Revision, k.Position = e.Revision, e.Position
	return nil
}

// AppendAPIKey appends the record of a key: all but the id.
func AppendAPIKey(dst []byte, k *APIKey) []byte {
	dst = AppendString(AppendString(AppendString(dst, k.Name), k.Role), k.Hash)
	dst = AppendTime(AppendMoment(dst, k.ExpiresAt), k.EndedAt)
	dst = AppendInt(AppendInt(dst, int64(k.Revision)), int64(k.Position))
	return AppendTime(dst, k.Created)
}

// DecodeAPIKey reads what [AppendAPIKey] wrote. Error: [ErrRecord].
func DecodeAPIKey(id string, record []byte) (APIKey, error) {
	r := NewReader(record)
	k := APIKey{ID: events.APIKeyID(id), Name: r.Text(), Role: r.Text(), Hash: r.Text(), ExpiresAt: r.Moment(),
		EndedAt: r.Time(), Revision: events.Revision(r.Int()), Position: events.Position(r.Int()), Created: r.Time()}
	return k, r.Done()
}

// APIKeyAt folds a key up to a position; nil if it did not exist by then. Errors: those of
// [APIKey.Apply]; the store's.
func APIKeyAt(ctx context.Context, store events.Store, id events.APIKeyID, position events.Position) (*APIKey, error) {
	return foldAt(ctx, store, events.NewStreamID(events.APIKeyCategory, string(id)), position, (*APIKey).Apply)
}
