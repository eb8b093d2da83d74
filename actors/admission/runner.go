package admission

import (
	"context"
	"math/rand/v2"
	"time"

	"admitone/actors/waitingroom"
)

const (
	// takeOverRest is how long a server leaves a room to another that has taken it over
	// just now, or a quarter of the heartbeat: visitors whose signs of life reach several
	// servers would else have it taken over with every one of them.
	takeOverRest = 5 * time.Second
	// overdueAfter, and up to overdueSpread more, is how long nobody has to come in at a
	// room with a line before a server that does not run it sees to it.
	overdueAfter, overdueSpread = 2 * time.Second, time.Second
)

// runner is what a server knows of who runs a room. It belongs to the round.
type runner struct {
	term     int64     // of the room as it was published last
	since    time.Time // when another server was seen to begin it; zero if it had before
	admitted int64     // how many had come in,
	at       time.Time // since when it is as many,
	rest     time.Duration
}

// runs reports whether this server runs the room by a line: nobody else can, or it was the
// last to take it over.
func (rm *room) runs(line *Published) bool {
	return !rm.rooms.config.Shared || line.Run == rm.rooms.run
}

// recordContact notes that visitors give their signs of life here.
func (rm *room) recordContact() {
	if rm.rooms.config.Shared && !rm.lastContact.Load() {
		rm.lastContact.Store(true)
	}
}

// watchRunner notes when another server takes the room over, and when somebody comes in.
func (rm *room) watchRunner(line *Published) {
	r := &rm.runner
	if line.Term != r.term {
		if r.term = line.Term; !rm.runs(line) && rm.line.Load() != nil {
			r.since = line.At
			rm.lastContact.Store(false) // who was heard before that counts with the other
		}
	}
	if line.Admitted != r.admitted || r.at.IsZero() {
		rm.progress(line)
	}
}

func (rm *room) progress(line *Published) {
	rm.runner.admitted, rm.runner.at = line.Admitted, line.At
	rm.runner.rest = overdueAfter + rand.N(overdueSpread)
}

// takeOver has this server run the room if visitors are heard here while another runs it.
// A server that hears nobody never does: it would take the places of all of them.
func (rm *room) takeOver(ctx context.Context) error {
	line := rm.line.Load()
	if rm.runs(line) || !rm.lastContact.Load() {
		return nil
	}
	rest := min(takeOverRest, time.Duration(line.Settings.HeartbeatSeconds)*time.Second/4)
	if since := rm.runner.since; !since.IsZero() && rm.rooms.config.Now().Before(since.Add(rest)) {
		return nil
	}
	err := rm.ask(ctx, &waitingroom.TakeOver{Node: rm.rooms.config.Node, Run: rm.rooms.run, Term: line.Term})
	if err != nil {
		return err
	}
	return rm.publish(ctx)
}

// overdue says that nobody has come in for a while though people wait, at a room that
// another server runs, or none: that may be gone, and its visitors asleep. What the room
// then lets in is up to its rules, as always.
func (rm *room) overdue() bool {
	line, now := rm.line.Load(), rm.rooms.config.Now()
	if line.Waiting == 0 || now.Sub(rm.runner.at) < rm.runner.rest {
		return false
	}
	rm.progress(&Published{Line: line.Line, At: now})
	return true
}
