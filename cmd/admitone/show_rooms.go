package main

import (
	"fmt"
	"io"

	"admitone/projections"
)

func waitingRoomText(out io.Writer, w *projections.WaitingRoom) error {
	if _, err := fmt.Fprintf(out, `waiting-room/%s  %s, %s
  line       %d waiting, %d active, %d admitted, %d joined
  admission  %d per second, %d active at most, for %d s
  heartbeat  %d s
`, w.ID, w.Status, w.Order, w.Waiting, w.Active, w.Admitted, w.Joined, w.AdmitPerSecond, w.MaxActive, w.ActiveSeconds, w.HeartbeatSeconds); err != nil {
		return err
	}
	for _, line := range []struct{ name, value string }{{"opens", ""}, {"seed hash", w.SeedHash}, {"seed", w.Seed}} {
		if line.name == "opens" && !w.OpensAt.IsZero() {
			line.value = stamp(w.OpensAt)
		}
		if line.value == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "  %-9s  %s\n", line.name, line.value); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "  settings   %d\n  revision   %d, position %d\n  created    %s\n  changed    %s\n",
		w.Version, w.Revision, w.Position, stamp(w.Created), stamp(w.Updated))
	return err
}
