package core

import "admitone/events"

// RequirePass refuses with pass_required and waiting_room unless shown is room; otherwise, and if
// room is "" (no waiting room guards the resource), it returns nil. shown is the room of the pass
// that the caller has presented, "" if none. The caller verifies passes: a core has neither keys nor a
// clock.
func RequirePass(room, shown events.RoomID) *Refusal {
	if room == "" || room == shown {
		return nil
	}
	return &Refusal{Code: CodePassRequired,
		Detail: "this is behind a waiting room; join it, and present the pass that it gives you",
		Fields: map[string]any{"waiting_room": string(room)}}
}

// MaxOpenHolds is the largest number of open holds of one holder, in total. It keeps a holder from
// filling memory and disk where no other limit applies.
const MaxOpenHolds = 1_000

// TooManyHolds returns the refusal of another hold to a holder with open holds: limit_exceeded.
func TooManyHolds(open int64) *Refusal {
	return &Refusal{Code: CodeLimitExceeded, Detail: "you have too many holds open; pay for some or give some back",
		Fields: map[string]any{"limit": int64(MaxOpenHolds), "open_holds": open}}
}
