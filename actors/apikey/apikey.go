package apikey

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind of API keys.
var Kind = core.Kind{Category: events.APIKeyCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of the key with this id.
func Stream(id events.APIKeyID) events.StreamID {
	return events.NewStreamID(events.APIKeyCategory, string(id))
}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

// Create creates a key. Refusal: already_exists.
type Create struct {
	ID         events.APIKeyID
	Name, Role string
	// Hash of the key; see [events.APIKeyCreated].
	Hash string
	// ExpiresAt is zero for a key that never expires.
	ExpiresAt time.Time
}

// Revoke revokes a key forever. Idempotent. Refusal: not_found.
type Revoke struct{}

// Key is the state of one key.
type Key struct {
	ID         events.APIKeyID // "" before the key is created
	Name, Role string
	ExpiresAt  time.Time
	Revoked    bool `json:"Ended"`
}

// APIKey has the rules of one key. It implements [core.Core].
type APIKey struct{ key Key }

// New returns a key that has not been created yet.
func New() core.Core { return &APIKey{} }

// Key returns the state of the key.
func (k *APIKey) Key() Key { return k.key }

// Exists reports whether the key was created.
func (k *APIKey) Exists() bool { return k.key.ID != "" }

// Decide implements [core.Core].
func (k *APIKey) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	switch c := cmd.(type) {
	case *Create:
		if k.Exists() {
			return nil, &core.Refusal{Code: core.CodeAlreadyExists, Detail: "a key with this id exists"}
		}
		return []events.Fact{&events.APIKeyCreated{APIKeyID: c.ID, DisplayName: c.Name, Role: c.Role, Hash: c.Hash,
			ExpiresAt: c.ExpiresAt}}, nil
	case *Revoke:
		switch {
		case !k.Exists():
			return nil, &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such key",
				Fields: map[string]any{"resource": "api key"}}
		case k.key.Revoked:
			return nil, nil
		}
		return []events.Fact{&events.APIKeyEnded{APIKeyID: k.key.ID}}, nil
	}
	panic(fmt.Sprintf("apikey: no rule for %T", cmd))
}

// Evolve implements [core.Core].
func (k *APIKey) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.APIKeyCreated:
		if !k.Exists() {
			k.key = Key{ID: f.APIKeyID, Name: f.DisplayName, Role: f.Role, ExpiresAt: f.ExpiresAt}
			return
		}
	case *events.APIKeyEnded:
		if k.Exists() && !k.key.Revoked {
			k.key.Revoked = true
			return
		}
	}
	panic(fmt.Sprintf("api key %s: unexpected fact %s", k.key.ID, fact.Name()))
}

// NextDeadline implements [core.Core]: a key has no deadlines.
func (k *APIKey) NextDeadline() time.Time { return time.Time{} }

// Freeze implements [core.Core].
func (k *APIKey) Freeze() func(io.Writer) error {
	key := k.key
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(key) }
}

// Restore implements [core.Core].
func (k *APIKey) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&k.key) }
