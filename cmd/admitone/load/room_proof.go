package load

import (
	"context"
	"fmt"
	"io"

	"admitone/actors/waitingroom"
	"admitone/cmd/admitone/remote"
	"admitone/events"
)

// WaitingRoomProof compares the room's stream with the answers.
type WaitingRoomProof struct {
	Events uint64 `json:"events"`
	// Acknowledged counts the acknowledged joins, InLog those in the log, and Unheard those in the log
	// without an answer. There may be at most Unknown of the latter.
	Acknowledged int64 `json:"acknowledged"`
	InLog        int64 `json:"in_log"`
	Unheard      int64 `json:"unheard"`
	Unknown      int64 `json:"unknown"`
	// JoinSeconds is the time until all had joined.
	JoinSeconds float64 `json:"join_seconds"`
	// Admitted counts the admissions, MostActive is the maximum number of active visitors, and Passes counts
	// the issued passes.
	Admitted   int64 `json:"admitted"`
	MostActive int64 `json:"most_active"`
	Passes     int   `json:"passes"`
	// Drawn counts the visitors in the order that was drawn with the promised seed.
	Drawn int64 `json:"drawn"`
	// Dropped counts the visitors who lost their place because they stopped polling.
	Dropped int64 `json:"dropped"`
	// Bought counts the purchases in the log, each with a pass, and Refused the refused attempts with
	// no pass or with another visitor's.
	Bought  int64 `json:"bought"`
	Refused int64 `json:"refused"`
	violations
}

// prove implements [Scenario] with the room's stream. Errors: the server's.
func (w *waitingRoomScenario) prove(ctx context.Context, server *remote.Log) (Proof, error) {
	p := &WaitingRoomProof{violations: noViolations(), Unknown: w.unknown, JoinSeconds: w.joined.Seconds()}
	_, p.Acknowledged = w.outcome()
	room := newRecordedRoom()
	for e, err := range events.Stream(ctx, server, waitingroom.Stream(w.room), 0) {
		if err != nil {
			return p, err
		}
		p.Events++
		if err := room.apply(&e); err != nil {
			p.add("%v", err)
			return p, nil
		}
	}
	if room.settings.SeedHash != w.seedHash {
		p.add("the hash %q was promised, and %q is in the log", w.seedHash, room.settings.SeedHash)
	}
	p.Drawn = int64(len(room.order))
	p.InLog, p.Admitted, p.MostActive = int64(len(room.visitors)-1), room.admitted, room.maxActive
	if w.unreadable > 0 {
		p.add("%d acknowledgements name no place", w.unreadable)
	}
	if w.stranded > 0 {
		p.add("%d visitors were not admitted within %v", w.stranded, w.longest())
	}
	if room.Waiting > 0 || room.Active > 0 {
		p.add("%d still wait, and %d have a pass that does not end", room.Waiting, room.Active)
	}
	p.compare(w, room)
	if err := p.checkSale(ctx, server, w, room); err != nil {
		return p, err
	}
	return p, p.checkResource(ctx, server, w.path(), room)
}

// compare checks the log against the answers.
func (p *WaitingRoomProof) compare(w *waitingRoomScenario, room *recordedRoom) {
	created, seen, passes := map[int64]bool{}, map[int64]bool{}, map[string]int64{}
	for _, s := range w.acknowledged {
		if s.wrong != "" {
			p.add("%s", s.wrong)
		}
		if s.Ticket >= int64(len(room.visitors)) || room.visitors[s.Ticket].holder != s.holder {
			p.add("ticket %d was given to %s, but differs in the log", s.Ticket, s.holder)
			continue
		}
		if s.created && created[s.Ticket] {
			p.add("ticket %d was acknowledged twice", s.Ticket)
		}
		created[s.Ticket], seen[s.Ticket] = created[s.Ticket] || s.created, true
		v := &room.visitors[s.Ticket]
		switch {
		case s.Status == events.VisitorLeft && v.status != events.VisitorLeft,
			// The room does not retain how visits ended long ago.
			s.Status == events.VisitorExpired && v.status != events.VisitorExpired && v.status != events.VisitorLeft:
			p.add("ticket %d is %s according to its answers, and %s in the log", s.Ticket, s.Status, v.status)
		case v.dropped && s.silence > 0 && s.silence < 2*w.heartbeat():
			p.add("ticket %d lost its place %v after a heartbeat", s.Ticket, s.silence)
		}
		if s.Pass == "" {
			continue
		}
		if other, twice := passes[s.Pass]; twice && other != s.Ticket {
			p.add("the tickets %d and %d have the same pass", other, s.Ticket)
		}
		if passes[s.Pass] = s.Ticket; !v.until.Equal(s.ExpiresAt) {
			p.add("ticket %d has a pass until %v, but until %v in the log", s.Ticket, s.ExpiresAt, v.until)
		}
	}
	for _, v := range room.visitors {
		if v.dropped {
			p.Dropped++
		}
	}
	p.Passes = len(passes)
	if p.Unheard = p.InLog - int64(len(seen)); p.Unheard > p.Unknown {
		p.add("%d joins in the log were not acknowledged, and only %d outcomes are unknown", p.Unheard, p.Unknown)
	}
}

// checkResource checks the server's counts against the log.
func (p *WaitingRoomProof) checkResource(ctx context.Context, server *remote.Log, path string,
	room *recordedRoom) error {
	var shown struct{ Waiting, Active, Joined, Admitted int64 }
	if err := readRetrying(ctx, server, fmt.Sprintf("%s?min_position=%d", path, room.position), &shown); err != nil {
		return err
	}
	if shown.Waiting != room.Waiting || shown.Active != room.Active || shown.Joined != p.InLog ||
		shown.Admitted != p.Admitted {
		p.add("the server shows %+v, the log %d waiting, %d active, %d joined, %d admitted", shown, room.Waiting, room.Active,
			p.InLog, p.Admitted)
	}
	return nil
}

func (p *WaitingRoomProof) print(out io.Writer) error {
	fmt.Fprintf(out, "  in the log: %d events, %d joins; acknowledged: %d, within %.2f s; unknown outcomes: %d, of "+
		"which %d are in the log\n",
		p.Events, p.InLog, p.Acknowledged, p.JoinSeconds, p.Unknown, p.Unheard)
	fmt.Fprintf(out, "  %d admitted, at most %d active, %d passes issued; %d dropped because they did not poll\n",
		p.Admitted, p.MostActive, p.Passes, p.Dropped)
	if p.Drawn > 0 {
		fmt.Fprintf(out, "  %d joined before the opening, and were admitted in the order of the promised seed\n", p.Drawn)
	}
	fmt.Fprintf(out, "  %d bought with their pass, %d attempts without one were refused\n", p.Bought, p.Refused)
	return p.verdict(out, "every acknowledged place is in the log once, all were admitted in order, at the "+
		"rate, never too many at once, and no one bought without a pass")
}
