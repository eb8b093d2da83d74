package core

import (
	"time"

	"admitone/events"
)

// Fields are the additional members of a refusal, by their JSON names. The methods return the
// members that code reads, or the zero value if a member is absent.
type Fields map[string]any

// Resource is the kind of the resource that was not found.
func (f Fields) Resource() string { return member[string](f, "resource") }

// Field is the name of the request's field that has an invalid value.
func (f Fields) Field() string { return member[string](f, "field") }

// WaitingRoom is the id of the waiting room whose pass is required.
func (f Fields) WaitingRoom() string { return member[string](f, "waiting_room") }

// OpensAt is when the sale will open.
func (f Fields) OpensAt() time.Time { return member[time.Time](f, "opens_at") }

// Seats are the names of the unavailable seats.
func (f Fields) Seats() []events.SeatName { return member[[]events.SeatName](f, "seats") }

// HasTaken reports whether there is a member taken, which is the used part of a limit.
func (f Fields) HasTaken() bool { return f["taken"] != nil }

func member[T any](f Fields, name string) T {
	value, _ := f[name].(T)
	return value
}
