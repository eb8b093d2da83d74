package client

import (
	"bytes"
	"encoding/json"
)

// Nullable is a nullable member of an edit, which is unchanged, set or removed. The zero value leaves it
// unchanged.
type Nullable[T any] struct {
	value *T
	named bool
}

// Set returns a member that is set to value.
func Set[T any](value T) Nullable[T] { return Nullable[T]{&value, true} }

// Null returns a member that is removed.
func Null[T any]() Nullable[T] { return Nullable[T]{named: true} }

// IsZero reports whether the member is unchanged.
func (n Nullable[T]) IsZero() bool { return !n.named }

// MarshalJSON implements [json.Marshaler].
func (n Nullable[T]) MarshalJSON() ([]byte, error) { return json.Marshal(n.value) }

// UnmarshalJSON implements [json.Unmarshaler].
func (n *Nullable[T]) UnmarshalJSON(text []byte) error {
	n.value, n.named = nil, true
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	n.value = new(T)
	return json.Unmarshal(text, n.value)
}
