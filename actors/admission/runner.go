package admission

import (
	"context"
	"math/rand/v2"
	"time"

	"admitone/actors/waitingroom"
)

const (
	// takeOverCooldown caps the time for which a server leaves a room to another that has just taken it
	// over, which is a quarter of the heartbeat. Without it, visitors whose polls reach
	// several servers would cause a takeover with every poll.
	takeOverCooldown = 5 * time.Second
	// ownerCooldown is the maximum time for which the owner of a room leaves it to another server. While
	// two servers both believe that they own the room, it gets a new term that often, and nobody is
	// dropped.
	ownerCooldown = time.Second
	// overdueAfter plus up to overdueSpread is the time without an admission in a room with a line
	// after which a server that does not run the room admits visitors.
	overdueAfter, overdueSpread = 2 * time.Second, time.Second
)

// runnerView is a server's knowledge of the room's runner. Only the rounds use it.
type runnerView struct {
	term     int64     // as last published
	since    time.Time // when another server was seen to begin it; zero if it had begun before
	admitted int64     // number of admissions
	at       time.Time // when admitted last changed
	grace    time.Duration
}

// runs reports whether this server runs the room according to line: no other can, or it was the
// last to take it over.
func (rm *room) runs(line *Published) bool { return rm.rooms.Runs(line) }

// Runs reports whether this server runs a room according to line.
func (r *Rooms) Runs(line *Published) bool { return !r.config.Shared || line.Run == r.runID }

// recordContact notes that this server receives heartbeats, unless it forwards them to another.
func (rm *room) recordContact() {
	if rm.rooms.config.Shared && !rm.hasContact.Load() && !rm.shouldForward(rm.line.Load()) {
		rm.hasContact.Store(true)
	}
}

// watchRunner records when another server takes the room over, and when visitors are admitted.
func (rm *room) watchRunner(line *Published) {
	r := &rm.runner
	if line.Term != r.term {
		if r.term = line.Term; !rm.runs(line) && rm.line.Load() != nil {
			r.since = line.At
			rm.hasContact.Store(false) // earlier polls count on the other server
		}
	}
	if line.Admitted != r.admitted || r.at.IsZero() {
		rm.recordAdmission(line)
	}
}

func (rm *room) recordAdmission(line *Published) {
	rm.runner.admitted, rm.runner.at = line.Admitted, line.At
	rm.runner.grace = overdueAfter + rand.N(overdueSpread)
}

// owns reports whether this server should run the room, among the serving ones.
func (rm *room) owns() bool { return rm.rooms.config.Owns != nil && rm.rooms.config.Owns(rm.id) }

// takeOver makes this server run the room if it receives polls while another runs the room, or if
// it is the owner. A server without polls never takes over otherwise, since it would drop all
// visitors. The owner's timeouts start here, so it has two heartbeats in which to receive polls.
func (rm *room) takeOver(ctx context.Context) error {
	line := rm.line.Load()
	if rm.runs(line) {
		return nil
	}
	cooldown := min(takeOverCooldown, time.Duration(line.Settings.HeartbeatSeconds)*time.Second/4)
	switch {
	case rm.owns():
		cooldown = min(cooldown, ownerCooldown)
	case !rm.hasContact.Load():
		return nil
	}
	if since := rm.runner.since; !since.IsZero() && rm.rooms.config.Now().Before(since.Add(cooldown)) {
		return nil
	}
	err := rm.ask(ctx, &waitingroom.TakeOver{Node: rm.rooms.config.Node, Run: rm.rooms.runID, Term: line.Term})
	if err != nil {
		return err
	}
	return rm.publish(ctx)
}

// overdue reports whether nobody has been admitted for a while although visitors wait, in a room
// that another server runs, or none: that server may have died, and the visitors may not poll. The
// room's rules decide as always who is admitted then.
func (rm *room) overdue() bool {
	line, now := rm.line.Load(), rm.rooms.config.Now()
	if line.Waiting == 0 || now.Sub(rm.runner.at) < rm.runner.grace {
		return false
	}
	rm.recordAdmission(&Published{Line: line.Line, At: now})
	return true
}
