package load

import (
	"context"
	"fmt"
	"io"

	"admitone/actors/waitingroom"
	"admitone/cmd/admitone/remote"
	"admitone/events"
)

// LineUpProof compares the room's stream with what the visitors were told.
type LineUpProof struct {
	Events uint64 `json:"events"`
	// Acknowledged joins, those in the log, and those that are there though nobody
	// heard: at most Unknown.
	Acknowledged int64 `json:"acknowledged"`
	InLog        int64 `json:"in_log"`
	Unheard      int64 `json:"unheard"`
	Unknown      int64 `json:"unknown"`
	// JoinSeconds is how long it took until all had joined.
	JoinSeconds float64 `json:"join_seconds"`
	// Admitted are all who came in, MostActive how many were in at once at most, and
	// Passes how many of them were handed out.
	Admitted   int64 `json:"admitted"`
	MostActive int64 `json:"most_active"`
	Passes     int   `json:"passes"`
	// Drawn is how many stood in the order that was drawn, by the seed that was promised.
	Drawn int64 `json:"drawn"`
	// Dropped lost their place by silence.
	Dropped int64 `json:"dropped"`
	// Bought are the purchases in the log, each with a pass; Refused is how many came
	// without one that was theirs.
	Bought  int64 `json:"bought"`
	Refused int64 `json:"refused"`
	wrongs
}

// prove reads the room's stream back. Errors: the server's; what is wrong with the
// line is in the proof.
func (l *lineUp) prove(ctx context.Context, server *remote.Log) (Proof, error) {
	p := &LineUpProof{wrongs: noWrongs(), Unknown: l.unknown, JoinSeconds: l.joined.Seconds()}
	_, p.Acknowledged = l.outcome()
	room := newRecordedRoom()
	for e, err := range events.Stream(ctx, server, waitingroom.Stream(l.room), 0) {
		if err != nil {
			return p, err
		}
		p.Events++
		if err := room.take(&e); err != nil {
			p.wrong("%v", err)
			return p, nil
		}
	}
	if room.settings.SeedHash != l.promised {
		p.wrong("the hash %q was promised, and %q is in the log", l.promised, room.settings.SeedHash)
	}
	p.Drawn = int64(len(room.order))
	p.InLog, p.Admitted, p.MostActive = int64(len(room.visitors)-1), room.admitted, room.most
	if l.unreadable > 0 {
		p.wrong("%d acknowledgements name no place", l.unreadable)
	}
	if l.stranded > 0 {
		p.wrong("%d people had nothing to do but wait, and should have come in within %v", l.stranded, l.longest())
	}
	if room.Waiting > 0 || room.Active > 0 {
		p.wrong("%d still wait, and %d have a pass that does not end", room.Waiting, room.Active)
	}
	p.compare(l, room)
	if err := p.checkSale(ctx, server, l, room); err != nil {
		return p, err
	}
	return p, p.askRoom(ctx, server, l.path(), room)
}

// compare holds the log to what the visitors were told.
func (p *LineUpProof) compare(l *lineUp, room *recordedRoom) {
	given, heard, passes := map[int64]bool{}, map[int64]bool{}, map[string]int64{}
	for _, s := range l.told {
		if s.wrong != "" {
			p.wrong("%s", s.wrong)
		}
		if s.Ticket >= int64(len(room.visitors)) || room.visitors[s.Ticket].holder != s.holder {
			p.wrong("ticket %d was given to %s, and is not in the log like that", s.Ticket, s.holder)
			continue
		}
		if s.fresh && given[s.Ticket] {
			p.wrong("ticket %d was acknowledged twice", s.Ticket)
		}
		given[s.Ticket], heard[s.Ticket] = given[s.Ticket] || s.fresh, true
		v := &room.visitors[s.Ticket]
		switch {
		case s.Status == events.VisitorLeft && v.status != events.VisitorLeft,
			// Of the left of long ago the room only knows that they are gone.
			s.Status == events.VisitorExpired && v.status != events.VisitorExpired && v.status != events.VisitorLeft:
			p.wrong("ticket %d is %s according to its answers, and %s in the log", s.Ticket, s.Status, v.status)
		case v.dropped && s.silence > 0 && s.silence < 2*l.heartbeat():
			p.wrong("ticket %d lost its place %v after a sign of life", s.Ticket, s.silence)
		}
		if s.Pass == "" {
			continue
		}
		if other, twice := passes[s.Pass]; twice && other != s.Ticket {
			p.wrong("the tickets %d and %d have the same pass", other, s.Ticket)
		}
		if passes[s.Pass] = s.Ticket; !v.until.Equal(s.ExpiresAt) {
			p.wrong("ticket %d has a pass until %v, and the log lets it in until %v", s.Ticket, s.ExpiresAt, v.until)
		}
	}
	for _, v := range room.visitors {
		if v.dropped {
			p.Dropped++
		}
	}
	p.Passes = len(passes)
	if p.Unheard = p.InLog - int64(len(heard)); p.Unheard > p.Unknown {
		p.wrong("%d joins in the log were not acknowledged, and only %d outcomes are unknown", p.Unheard, p.Unknown)
	}
}

// askRoom holds the counts that the server shows to the log.
func (p *LineUpProof) askRoom(ctx context.Context, server *remote.Log, path string, room *recordedRoom) error {
	var shown struct{ Waiting, Active, Joined, Admitted int64 }
	if err := ask(ctx, server, fmt.Sprintf("%s?min_position=%d", path, room.position), &shown); err != nil {
		return err
	}
	if shown.Waiting != room.Waiting || shown.Active != room.Active || shown.Joined != p.InLog || shown.Admitted != p.Admitted {
		p.wrong("the server shows %+v, the log has %d waiting, %d in, %d joined, %d admitted", shown, room.Waiting, room.Active, p.InLog, p.Admitted)
	}
	return nil
}

func (p *LineUpProof) print(out io.Writer) error {
	fmt.Fprintf(out, "  in the log: %d events, %d joins; acknowledged: %d, within %.2f s; unknown outcomes: %d, of which %d are in the log\n",
		p.Events, p.InLog, p.Acknowledged, p.JoinSeconds, p.Unknown, p.Unheard)
	fmt.Fprintf(out, "  %d came in, %d at once at most, with %d passes handed out; %d lost their place by silence\n", p.Admitted, p.MostActive, p.Passes, p.Dropped)
	if p.Drawn > 0 {
		fmt.Fprintf(out, "  %d came before the opening, and in the order of the seed whose hash was promised\n", p.Drawn)
	}
	fmt.Fprintf(out, "  %d bought with their pass, %d attempts without one were refused\n", p.Bought, p.Refused)
	return p.verdict(out, "every acknowledged place is in the log once, all came in in the order of the line, at the rate, never too many at once, and nobody bought without a pass")
}
