package admission

import (
	"context"
	"math/rand/v2"
	"time"

	"admitone/actors/waitingroom"
)

const (
	// After another server has taken a room over, a server leaves the room to it for a quarter of the
	// heartbeat interval, but at most takeOverCooldown. Without a cooldown, visitors whose polls reach
	// several servers would cause a takeover with every poll.
	takeOverCooldown = 5 * time.Second
	// ownerCooldown replaces takeOverCooldown for the owner of the room. While two servers believe that
	// they own a room, its term changes about once per ownerCooldown, and nobody is dropped.
	ownerCooldown = time.Second
	// The cooldown doubles each time another server takes the room over from this one soon after it did: two systems of
	// servers on one log would otherwise take it over from each other as often as they may, forever. It is at most
	// maxCooldown and a heartbeat interval, so that visitors who poll this server keep their places.
	maxCooldown = time.Minute
	// A server that does not run a room admits visitors if some wait and nobody has been admitted for
	// overdueAfter plus a random time up to overdueSpread.
	overdueAfter, overdueSpread = 2 * time.Second, time.Second
)

// runnerView is a server's knowledge of the room's runner. Only the rounds use it.
type runnerView struct {
	term     int64         // as last published
	since    time.Time     // when this server saw another begin a term; zero for none yet
	begun    time.Time     // when this server last began a term
	losses   int           // how often in a row it lost the room soon after that
	admitted int64         // number of admissions
	at       time.Time     // when admitted last changed
	grace    time.Duration // the time without an admission after which the room is overdue
}

// runs reports whether this server runs the room according to line: it is the only server, or the
// last to take the room over.
func (rm *room) runs(line *Published) bool { return rm.rooms.Runs(line) }

// Runs reports whether this server runs a room according to line.
func (r *Rooms) Runs(line *Published) bool { return !r.config.Shared || line.Run == r.config.Run }

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
		r.term = line.Term
		rm.noteTerm(line)
	}
	if line.Admitted != r.admitted || r.at.IsZero() {
		rm.recordAdmission(line)
	}
}

// noteTerm notes by whom the term of line was begun.
func (rm *room) noteTerm(line *Published) {
	r, before := &rm.runner, rm.line.Load()
	switch {
	case rm.runs(line):
		r.begun = line.At
		return
	case before == nil:
		return
	case rm.runs(before) && line.At.Sub(r.begun) < 2*cooldownLimit(line):
		r.losses++
	case rm.runs(before):
		r.losses = 0
	}
	r.since = line.At
	rm.hasContact.Store(false) // only polls after the takeover justify another one
}

func cooldownLimit(line *Published) time.Duration {
	return min(maxCooldown, time.Duration(line.Settings.HeartbeatSeconds)*time.Second)
}

// cooldown returns how long after another server has taken the room over this one may take it back.
func (rm *room) cooldown(line *Published, owner bool) time.Duration {
	limit := cooldownLimit(line)
	first := min(takeOverCooldown, limit/4)
	if owner {
		first = min(first, ownerCooldown)
	}
	for range rm.runner.losses - 1 { // the first loss may be a change of the owner
		if first *= 2; first >= limit {
			return limit
		}
	}
	return first
}

func (rm *room) recordAdmission(line *Published) {
	rm.runner.admitted, rm.runner.at = line.Admitted, line.At
	rm.runner.grace = overdueAfter + rand.N(overdueSpread)
}

// owns reports whether this server owns the room; see [Config].Owns.
func (rm *room) owns() bool { return rm.rooms.config.Owns != nil && rm.rooms.config.Owns(rm.id) }

// takeOver makes this server run the room if it is the owner, or if it receives polls while another
// server runs the room. A server that receives no polls would drop all visitors. All timeouts start
// again with the new term, so that the owner has two heartbeat intervals in which to receive polls.
func (rm *room) takeOver(ctx context.Context) error {
	line := rm.line.Load()
	if rm.runs(line) {
		return nil
	}
	owner := rm.owns()
	if !owner && !rm.hasContact.Load() {
		return nil
	}
	cooldown := rm.cooldown(line, owner)
	if since := rm.runner.since; !since.IsZero() && rm.rooms.config.Now().Before(since.Add(cooldown)) {
		return nil
	}
	err := rm.ask(ctx, &waitingroom.TakeOver{Node: rm.rooms.config.Node, Run: rm.rooms.config.Run, Term: line.Term})
	if err != nil {
		return err
	}
	return rm.publish(ctx)
}

// overdue reports whether visitors wait and nobody has been admitted for a while, in a room run by
// another server or by none: its runner may have died. If so, it records an admission, so that this
// server admits once and not in every round. The rules of the room decide how many are admitted.
func (rm *room) overdue() bool {
	line, now := rm.line.Load(), rm.rooms.config.Now()
	if line.Waiting == 0 || now.Sub(rm.runner.at) < rm.runner.grace {
		return false
	}
	rm.recordAdmission(&Published{Line: line.Line, At: now})
	return true
}
