package whatif

import (
	"encoding/hex"
	"fmt"

	"admitone/actors/waitingroom"
	"admitone/events"
)

// room returns the waiting room of a stream.
func (r *executor) room(stream events.StreamID) *waitingroom.Room {
	e, err := r.entity(stream)
	if err != nil {
		panic(err) // the kind is registered
	}
	return e.core.(*waitingroom.Room)
}

// set creates a room, or changes its settings.
func (r *executor) set(stream events.StreamID, id events.RoomID, settings events.WaitingRoomSettings) error {
	command := &waitingroom.Set{ID: id, Settings: settings}
	if room := r.room(stream); room.Exists() {
		version := room.Line().Settings.Version
		command.IfVersion = &version
	}
	_, err := r.command(stream, command)
	return err
}

// shuffle draws the order of a room with the recorded seed.
func (r *executor) shuffle(stream events.StreamID, seed string) error {
	bytes, err := hex.DecodeString(seed)
	if err != nil {
		return fmt.Errorf("%w: the seed of %s: %w", events.ErrDamaged, stream, err)
	}
	_, err = r.command(stream, &waitingroom.Shuffle{Seed: bytes})
	return err
}
