package core

import "admitone/events"

// RequirePass refuses what a waiting room guards unless a pass of that very room was shown:
// pass_required, with waiting_room; else it returns nil. room is "" if none
// guards it, shown is the room whose pass was checked, "" if none was. Passes are
// checked outside: a core has neither keys nor a clock.
func RequirePass(room, shown events.RoomID) *Refusal {
	if room == "" || room == shown {
		return nil
	}
	return &Refusal{Code: CodePassRequired,
		Detail: "this is behind a waiting room; join it, and come with the pass that it gives you",
		Fields: map[string]any{"waiting_room": string(room)}}
}

// MaxOpenHolds is how many holds one holder may have open at a time, of everything that
// there is. It keeps one holder from filling memory and disk where nothing else limits it.
const MaxOpenHolds = 1_000

// TooManyHolds refuses a holder with so many open holds another one: limit_exceeded.
func TooManyHolds(open int64) *Refusal {
	return &Refusal{Code: CodeLimitExceeded, Detail: "you have too many holds open; pay for some or give some back",
		Fields: map[string]any{"limit": int64(MaxOpenHolds), "open_holds": open}}
}
