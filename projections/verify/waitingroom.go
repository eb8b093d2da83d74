package verify

import (
	"encoding/hex"
	"time"

	"admitone/events"
)

// The rules of waiting rooms, as they are printed.
const (
	RuleLine   Rule = "visitors are admitted in the order of the line"
	RuleActive Rule = "there are at most max_active passes at a time"
	RuleRate   Rule = "at most admit_per_second visitors are admitted within a second"
	RuleDoor   Rule = "nobody joins or is admitted while the room is closed, or is admitted before it opens"
	RulePlace  Rule = "a holder has at most one place, which ends once, and no pass expires early"
	RuleDraw   Rule = "a shuffled opening has the order of the seed whose hash was published before anybody joined"
)

func init() {
	checks[events.WaitingRoomCategory] = func() check {
		return &waitingRoomCheck{holders: map[events.Holder]bool{}, passes: map[int64]time.Time{}}
	}
}

// ticketPlace is the status of a ticket.
type ticketPlace struct {
	status events.VisitorStatus // "" once the visitor is gone
	holder events.Holder
}

// waitingRoomCheck folds a waiting room and its visitors, independently of the core that produced the facts except for
// the order of a draw.
type waitingRoomCheck struct {
	row waitingRoom
	// places has the place of ticket n at n-1, also of visitors who are gone.
	places  []ticketPlace
	holders map[events.Holder]bool // holders who wait or have a pass
	passes  map[int64]time.Time    // expiry by ticket
	order   []uint32               // the order of the early tickets, once drawn
	front   int                    // no visitor in the line before this index waits
	recent  []admittedGroup        // admitted within the last second
	term    int64                  // the number of takeovers
}

// admittedGroup is the number of visitors admitted at one time.
type admittedGroup struct {
	at    time.Time
	count int64
}

func (c *waitingRoomCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	opened, isCreation := fact.(*events.WaitingRoomOpened)
	if isCreation != (c.row.id == "") {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	if isCreation && (opened.RoomID != events.RoomID(e.Stream.Entity()) || opened.Version != 1) {
		return faultf(RuleFigures, "it opens %q with settings %d", opened.RoomID, opened.Version)
	}
	if f := c.checkOpening(fact, decided); f != nil {
		return f
	}
	if f := c.checkVisitors(fact, decided); f != nil {
		return f
	}
	next := c.row
	counts, broken := next.evolve(fact)
	switch {
	case broken != nil:
		return broken
	case next.WaitingRoomCounts != counts:
		return faultf(RuleFigures, "it records %+v; its facts add up to %+v", counts, next.WaitingRoomCounts)
	}
	c.row = next
	return nil
}

// checkOpening checks facts against the room's status, opening, settings and draw.
func (c *waitingRoomCheck) checkOpening(fact events.Fact, decided time.Time) *fault {
	w := &c.row
	late := w.Order == events.RoomShuffle && !w.begun && decided.After(w.OpensAt)
	switch f := fact.(type) {
	case *events.WaitingRoomJoined:
		switch {
		case w.Status != events.RoomOpen:
			return faultf(RuleDoor, "%q joins, and the room is %s", f.Holder, w.Status)
		case late:
			return faultf(RuleDraw, "%q joins at %s, after the opening, and no fact records the visitors before", f.Holder,
				events.FormatTime(decided))
		}
	case *events.WaitingRoomAdmitted:
		switch {
		case w.Status != events.RoomOpen || decided.Before(w.OpensAt):
			return faultf(RuleDoor, "%d are admitted at %s; the room is %s and opens at %s", f.Count, events.FormatTime(decided),
				w.Status, events.FormatTime(w.OpensAt))
		case w.Order == events.RoomShuffle && w.seed == "":
			return faultf(RuleDraw, "%d are admitted before the order is drawn", f.Count)
		}
	case *events.WaitingRoomBegun:
		if !late || f.Early != w.joined {
			return faultf(RuleDraw, "the opening begins at %s with %d of %d tickets; it is at %s", events.FormatTime(decided),
				f.Early, w.joined, events.FormatTime(w.OpensAt))
		}
	case *events.WaitingRoomShuffled:
		return c.checkDraw(f)
	case *events.WaitingRoomRun:
		if c.term++; f.Term != c.term || f.Run == "" {
			return faultf(RuleFigures, "the run %q takes the room over for term %d; it is term %d", f.Run, f.Term, c.term)
		}
	case *events.WaitingRoomChanged:
		return c.checkSettings(f)
	}
	return nil
}

// checkSettings checks that new settings can't influence the order of a draw.
func (c *waitingRoomCheck) checkSettings(f *events.WaitingRoomChanged) *fault {
	w := &c.row
	drawn, unchanged := w.seed != "", f.Order == w.Order && f.SeedHash == w.SeedHash && f.OpensAt.Equal(w.OpensAt)
	shuffled := f.Order == events.RoomShuffle
	switch {
	case f.Version != w.Version+1:
		return faultf(RuleFigures, "settings %d come after %d", f.Version, w.Version)
	case drawn && !unchanged,
		shuffled && w.joined > 0 && (w.Order != events.RoomShuffle || f.SeedHash != w.SeedHash),
		shuffled && w.begun && !f.OpensAt.Equal(w.OpensAt):
		return faultf(RuleDraw, "the opening is changed after %d have joined: %s at %s, hash %q", w.joined, f.Order,
			events.FormatTime(f.OpensAt), f.SeedHash)
	}
	return nil
}

// checkDraw checks the seed, and computes the order.
func (c *waitingRoomCheck) checkDraw(f *events.WaitingRoomShuffled) *fault {
	seed, err := hex.DecodeString(f.Seed)
	next := c.row
	if opened := next.open(f); err != nil || opened != nil || c.row.admitted > 0 {
		return faultf(RuleDraw, "the seed %q of %d tickets, after %d were admitted, and the published hash %s", f.Seed, f.Early,
			c.row.admitted, c.row.SeedHash)
	}
	c.order, c.front = events.ShuffledTickets(seed, int(f.Early)), 0
	return nil
}

// checkVisitors checks a fact against the places of visitors.
func (c *waitingRoomCheck) checkVisitors(fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.WaitingRoomJoined:
		if c.holders[f.Holder] || f.Ticket != int64(len(c.places))+1 {
			return faultf(RulePlace, "%q gets ticket %d, after ticket %d", f.Holder, f.Ticket, len(c.places))
		}
		c.holders[f.Holder] = true
		c.places = append(c.places, ticketPlace{events.VisitorWaiting, f.Holder})
	case *events.WaitingRoomAdmitted:
		return c.admit(f, decided)
	case *events.WaitingRoomLeft:
		return c.end(f.Ticket, f.Was, nil)
	case *events.WaitingRoomFinished:
		return c.end(f.Ticket, events.VisitorAdmitted, nil)
	case *events.WaitingRoomDropped:
		return c.endAll(f.Tickets, f.Count, events.VisitorWaiting, nil)
	case *events.WaitingRoomExpired:
		return c.endAll(f.Tickets, f.Count, events.VisitorAdmitted, &decided)
	}
	return nil
}

// admit checks an admission against the line, the rate and the number of active passes.
func (c *waitingRoomCheck) admit(f *events.WaitingRoomAdmitted, decided time.Time) *fault {
	w := &c.row
	if until := decided.Add(time.Duration(w.ActiveSeconds) * time.Second); !f.AdmittedAt.Equal(decided) ||
		!f.ExpiresAt.Equal(until) {
		return faultf(RuleFigures, "decided at %s with passes for %d s: from %s until %s", events.FormatTime(decided),
			w.ActiveSeconds, events.FormatTime(f.AdmittedAt), events.FormatTime(f.ExpiresAt))
	}
	count := int64(0)
	for ticket := range events.Tickets(f.Tickets) {
		first := c.first()
		if first != ticket {
			return faultf(RuleLine, "ticket %d is admitted, and the first of the line is ticket %d", ticket, first)
		}
		c.places[ticket-1].status = events.VisitorAdmitted
		c.passes[ticket] = f.ExpiresAt
		count++
	}
	inLastSecond := count
	kept := c.recent[:0]
	for _, before := range c.recent {
		if age := decided.Sub(before.at); age < time.Second && age > -time.Second {
			inLastSecond += before.count
			kept = append(kept, before)
		}
	}
	c.recent = append(kept, admittedGroup{decided, count})
	switch {
	case count == 0 || count != f.Count:
		return faultf(RuleFigures, "it records that %d are admitted, and names %d", f.Count, count)
	case w.Active+count > w.MaxActive:
		return faultf(RuleActive, "%d are admitted in addition to %d; there may be %d", count, w.Active, w.MaxActive)
	case inLastSecond > w.AdmitPerSecond:
		return faultf(RuleRate, "%d were admitted within a second; there may be %d", inLastSecond, w.AdmitPerSecond)
	}
	return nil
}

// first returns the ticket of the first waiting visitor, 0 for none.
func (c *waitingRoomCheck) first() int64 {
	for ; c.front < len(c.places); c.front++ {
		ticket := c.front + 1
		if c.front < len(c.order) {
			ticket = int(c.order[c.front])
		}
		if c.places[ticket-1].status == events.VisitorWaiting {
			return int64(ticket)
		}
	}
	return 0
}

func (c *waitingRoomCheck) endAll(tickets []events.TicketRange, count int64, was events.VisitorStatus,
	due *time.Time) *fault {
	for ticket := range events.Tickets(tickets) {
		if f := c.end(ticket, was, due); f != nil {
			return f
		}
		count--
	}
	if count != 0 {
		return faultf(RuleFigures, "it counts %d more places than it ends", count)
	}
	return nil
}

// end ends a place with the status was. If due is not nil, the place ends because its pass has expired by then.
func (c *waitingRoomCheck) end(ticket int64, was events.VisitorStatus, due *time.Time) *fault {
	if ticket < 1 || ticket > int64(len(c.places)) || c.places[ticket-1].status != was || was == "" {
		return faultf(RulePlace, "ticket %d ends as %s, which is not its status", ticket, was)
	}
	if until := c.passes[ticket]; due != nil && !due.After(until) {
		return faultf(RulePlace, "the pass of ticket %d ends at %s, and was valid until %s", ticket, events.FormatTime(*due),
			events.FormatTime(until))
	}
	delete(c.holders, c.places[ticket-1].holder)
	delete(c.passes, ticket)
	c.places[ticket-1] = ticketPlace{}
	return nil
}
