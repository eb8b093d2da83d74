package load

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"admitone/events"
)

// draw is the state of a shuffled opening, folded from the log.
type draw struct {
	opened bool
	early  int64    // the last ticket before the opening
	order  []uint32 // of the early tickets; nil before the draw
}

// ticketAt returns the ticket at a place in the line; both count from 1.
func (d *draw) ticketAt(place int64) int64 {
	if place <= int64(len(d.order)) {
		return int64(d.order[place-1])
	}
	return place
}

// begin applies the beginning of the opening: all visitors so far count as early.
func (r *recordedRoom) begin(f *events.WaitingRoomBegun) error {
	switch {
	case r.settings.Order != events.RoomShuffle:
		return fmt.Errorf("unexpected %s: the room does not shuffle", f.Name())
	case r.opened || f.Early != int64(len(r.visitors)-1):
		return fmt.Errorf("the opening begins with %d tickets, and there are %d", f.Early, len(r.visitors)-1)
	}
	r.opened, r.early = true, f.Early
	return nil
}

// shuffle applies the draw: it computes the order from the seed, which has to match the published hash.
func (r *recordedRoom) shuffle(f *events.WaitingRoomShuffled) error {
	seed, err := hex.DecodeString(f.Seed)
	if hash := sha256.Sum256(seed); err != nil || hex.EncodeToString(hash[:]) != r.settings.SeedHash {
		return fmt.Errorf("the seed %q does not match the hash %q", f.Seed, r.settings.SeedHash)
	}
	if !r.opened || r.order != nil || f.Early != r.early || r.admitted > 0 {
		return fmt.Errorf("%d tickets are drawn, of %d early ones, after %d admissions", f.Early, r.early,
			r.admitted)
	}
	r.order, r.head = append([]uint32{}, events.ShuffledTickets(seed, int(f.Early))...), 1
	return nil
}
