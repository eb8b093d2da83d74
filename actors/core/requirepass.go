package core

import "admitone/events"

// RequirePass returns the refusal pass_required with the member waiting_room if room guards a
// resource and is not presented, the room of the pass that the holder has presented ("" for none).
// It returns nil if room is "": no waiting room guards the resource. The caller verifies passes,
// since a core has neither keys nor a clock.
func RequirePass(room, presented events.RoomID) *Refusal {
	if room == "" || room == presented {
		return nil
	}
	return &Refusal{Code: CodePassRequired,
		Detail: "this is behind a waiting room; join it, and present the pass that it gives you",
		Fields: map[string]any{"waiting_room": string(room)}}
}

// MaxOpenHolds is the largest total number of open holds of one holder. It bounds memory and disk
// where no other limit applies.
const MaxOpenHolds = 1_000

// TooManyHolds returns the refusal (limit_exceeded) of one more hold for a holder who already has
// open of them.
func TooManyHolds(open int64) *Refusal {
	return &Refusal{Code: CodeLimitExceeded, Detail: "you have too many holds open; pay for some or give some back",
		Fields: map[string]any{"limit": int64(MaxOpenHolds), "open_holds": open}}
}
