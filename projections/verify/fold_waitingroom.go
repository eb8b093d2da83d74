package verify

import (
	"crypto/sha256"
	"encoding/hex"

	"admitone/events"
)

// waitingRoom is the fold of a waiting room's facts, without its visitors.
type waitingRoom struct {
	id events.RoomID
	events.WaitingRoomSettings
	events.WaitingRoomCounts
	// joined is the last ticket, admitted the total number admitted.
	joined, admitted int64
	// begun means that a shuffled opening has begun, for the tickets up to early.
	begun bool
	early int64
	seed  string // in hexadecimal, once published
}

// evolve applies a fact, and returns the counts that the fact records.
func (w *waitingRoom) evolve(fact events.Fact) (events.WaitingRoomCounts, *fault) {
	switch f := fact.(type) {
	case *events.WaitingRoomJoined:
		if w.joined++; f.Ticket != w.joined {
			return f.WaitingRoomCounts, faultf(RuleFigures, "it gives ticket %d after ticket %d", f.Ticket, w.joined-1)
		}
		w.Waiting++
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomAdmitted:
		w.Waiting, w.Active, w.admitted = w.Waiting-f.Count, w.Active+f.Count, w.admitted+f.Count
		if f.Admitted != w.admitted {
			return f.WaitingRoomCounts, faultf(RuleFigures, "it records that %d were admitted; they add up to %d", f.Admitted, w.admitted)
		}
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomLeft:
		if f.Was == events.VisitorWaiting {
			w.Waiting--
		} else {
			w.Active--
		}
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomDropped:
		w.Waiting -= f.Count
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomExpired:
		w.Active -= f.Count
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomFinished:
		w.Active--
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomChanged:
		if w.WaitingRoomSettings = f.WaitingRoomSettings; w.Order == events.RoomFIFO {
			w.begun, w.early = false, 0
		}
		return f.WaitingRoomCounts, nil
	}
	return w.WaitingRoomCounts, w.open(fact)
}

// open applies the facts of an opening, which have no counts.
func (w *waitingRoom) open(fact events.Fact) *fault {
	switch f := fact.(type) {
	case *events.WaitingRoomOpened:
		w.id, w.WaitingRoomSettings = f.RoomID, f.WaitingRoomSettings
	case *events.WaitingRoomBegun:
		if w.Order != events.RoomShuffle || w.begun || f.Early != w.joined {
			return faultf(RuleFigures, "it begins an opening with %d of %d tickets", f.Early, w.joined)
		}
		w.begun, w.early = true, f.Early
	case *events.WaitingRoomShuffled:
		seed, err := hex.DecodeString(f.Seed)
		hash := sha256.Sum256(seed)
		if err != nil || !w.begun || w.seed != "" || f.Early != w.early || hex.EncodeToString(hash[:]) != w.SeedHash {
			return faultf(RuleFigures, "its seed is not the one whose hash was published")
		}
		w.seed = f.Seed
	case *events.WaitingRoomRun: // changes neither the line nor the counts
	default:
		return faultf(RuleKnown, "a %s in a waiting room's stream", fact.Name())
	}
	return nil
}
