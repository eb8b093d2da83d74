package kinds

import (
	"fmt"
	"io"

	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/api"
	"admitone/cmd/admitone/load"
	"admitone/events"
	"admitone/projections/row"
)

// waitingRoomKind is a waiting room. Its commands depend on the tickets issued, so package whatif creates them. A
// replay leaves waiting rooms out.
var waitingRoomKind = register(&Kind{
	Name:  "waiting-room",
	Rules: waitingroom.Kind,
	Show:  showing(row.WaitingRoomAt, waitingRoomText, api.AppendWaitingRoom),
	Settings: &Settings{
		Bounds: map[string][2]int64{"admit_per_second": {0, waitingroom.MaxAdmitPerSecond},
			"max_active": {1, waitingroom.MaxActive}, "active_seconds": {1, waitingroom.MaxActiveSeconds}},
		Intent: waitingRoomIntent,
		Edit:   waitingRoomEdit,
	},
	Scenario:    "waiting-room",
	NewScenario: load.WaitingRoom,
})

func waitingRoomText(out io.Writer, w *row.WaitingRoom) error {
	if _, err := fmt.Fprintf(out, `waiting-room/%s  %s, %s
  line       %d waiting, %d active, %d admitted, %d joined
  admission  %d per second, %d active at most, for %d s
  heartbeat  %d s
`, w.ID, w.Status, w.Order, w.Waiting, w.Active, w.Admitted, w.Joined, w.AdmitPerSecond, w.MaxActive,
		w.ActiveSeconds, w.HeartbeatSeconds); err != nil {
		return err
	}
	for _, line := range []struct{ name, value string }{{"opens", ""}, {"seed hash", w.SeedHash}, {"seed", w.Seed}} {
		if line.name == "opens" && !w.OpensAt.IsZero() {
			line.value = events.FormatTime(w.OpensAt)
		}
		if line.value == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "  %-9s  %s\n", line.name, line.value); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "  settings   version %d\n  revision   %d, position %d\n  created    %s\n  changed    %s\n",
		w.Version, w.Revision, w.Position, events.FormatTime(w.Created), events.FormatTime(w.Updated))
	return err
}

func waitingRoomIntent(fact events.Fact, p Policy) events.Fact {
	switch f := fact.(type) {
	case *events.WaitingRoomOpened:
		changed := *f
		applyToRoom(p, &changed.WaitingRoomSettings)
		return &changed
	case *events.WaitingRoomChanged:
		changed := *f
		applyToRoom(p, &changed.WaitingRoomSettings)
		return &changed
	}
	return fact
}

func applyToRoom(p Policy, s *events.WaitingRoomSettings) {
	p.Apply("admit_per_second", &s.AdmitPerSecond)
	p.Apply("max_active", &s.MaxActive)
	p.Apply("active_seconds", &s.ActiveSeconds)
}

func waitingRoomEdit(c core.Core, p Policy) core.Command {
	room := c.(*waitingroom.Room)
	if !room.Exists() {
		return nil
	}
	settings := room.Line().Settings
	version := settings.Version
	applyToRoom(p, &settings)
	return &waitingroom.Set{ID: room.ID(), Settings: settings, IfVersion: &version}
}
