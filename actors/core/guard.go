package core

// Guard refuses what a waiting room guards to whoever has shown no pass of that very
// room: pass_required, with waiting_room; else it returns nil. room is "" if none
// guards it, shown is the room whose pass was checked, "" if none was. Passes are
// checked outside: a core has neither keys nor a clock.
func Guard(room, shown string) *Refusal {
	if room == "" || room == shown {
		return nil
	}
	return &Refusal{Code: "pass_required", Detail: "this is behind a waiting room; join it, and come with the pass that it gives you",
		Fields: map[string]any{"waiting_room": room}}
}
