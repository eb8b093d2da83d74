package whatif

import (
	"encoding/hex"
	"fmt"

	"admitone/actors/waitingroom"
	"admitone/events"
)

// room returns the waiting room of a stream, as it is.
func (r *rehearsal) room(stream events.StreamID) *waitingroom.Room {
	e, err := r.entity(stream)
	if err != nil {
		panic(err) // its kind is among those of every house
	}
	return e.core.(*waitingroom.Room)
}

// set sets a room up as the log says, or changes it.
func (r *rehearsal) set(stream events.StreamID, id string, settings events.WaitingRoomSettings) error {
	command := &waitingroom.Set{ID: id, Settings: settings}
	if room := r.room(stream); room.Exists() {
		version := room.Line().Settings.Version
		command.IfVersion = &version
	}
	_, err := r.command(stream, command)
	return err
}

// shuffle publishes the seed of an opening.
func (r *rehearsal) shuffle(stream events.StreamID, seed string) error {
	bytes, err := hex.DecodeString(seed)
	if err != nil {
		return fmt.Errorf("%w: the seed of %s: %w", events.ErrDamaged, stream, err)
	}
	_, err = r.command(stream, &waitingroom.Shuffle{Seed: bytes})
	return err
}
