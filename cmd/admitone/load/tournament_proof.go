package load

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"

	"admitone/actors/tournament"
	"admitone/cmd/admitone/remote"
	"admitone/events"
	"admitone/projections/verify"
)

// TournamentProof compares the tournament's stream with the answers.
type TournamentProof struct {
	Events uint64 `json:"events"`
	// Acknowledged counts the acknowledged entries and withdrawals, and InLog those in the log. At most
	// Unknown of the latter may be unacknowledged.
	Acknowledged int64 `json:"acknowledged"`
	InLog        int64 `json:"in_log"`
	Unknown      int64 `json:"unknown"`
	Slots        int   `json:"slots"`
	Entered      int   `json:"entered"`
	Waiting      int   `json:"waiting"`
	Promoted     int64 `json:"promoted"`
	violations
}

// prove implements [Scenario] with the tournament's stream. Errors: the server's.
func (s *tournamentScenario) prove(ctx context.Context, server *remote.Log) (Proof, error) {
	p := &TournamentProof{violations: noViolations(), Slots: s.slots, Acknowledged: int64(len(s.acknowledged)),
		Unknown: s.unknown}
	list := &recordedList{slots: s.slots, placings: map[events.Revision]placing{}}
	verifier := verify.New(false)
	for e, err := range events.Stream(ctx, server, tournament.Stream(events.TournamentID(s.tournament)), 0) {
		if err != nil {
			return p, err
		}
		err := verifier.Check(&e)
		if err == nil {
			err = list.apply(&e)
		}
		if err != nil {
			p.add("%v", err)
			return p, nil
		}
	}
	if list.owed != 0 {
		p.add("the log ends with %d free slots that the waitlist should have got", list.owed)
	}
	p.Events, p.InLog, p.Promoted = verifier.Events(), int64(len(list.placings)), list.promoted
	p.Entered, p.Waiting = len(list.entered), len(list.waiting)
	p.compare(s.acknowledged, list)
	return p, p.checkLists(ctx, server, s.path(), list)
}

// compare checks the log against the answers: each acknowledgement names a revision, and matches
// its event.
func (p *TournamentProof) compare(acknowledged []placing, list *recordedList) {
	seen := map[events.Revision]bool{}
	for _, t := range acknowledged {
		// The answer has the revision of the last event; a promotion follows the withdrawal.
		first := t.Revision - events.Revision(min(len(t.Promoted), 1))
		recorded, ok := list.placings[first]
		switch {
		case t.Status == "":
			p.add("the acknowledgement of %s has no status", t.TeamID)
		case !ok || recorded.TeamID != t.TeamID || recorded.Status != t.Status:
			p.add("%s is %s at revision %d according to its answer, and the log has %q %s there", t.TeamID, t.Status, first,
				recorded.TeamID, recorded.Status)
		case recorded.Place != t.Place || !slices.Equal(recorded.Promoted, t.Promoted) &&
			len(recorded.Promoted)+len(t.Promoted) > 0:
			p.add("%s has place %d, promoted %v in its answer, and %d, %v in the log", t.TeamID, t.Place, t.Promoted,
				recorded.Place, recorded.Promoted)
		case seen[first]:
			p.add("revision %d was acknowledged twice", first)
		}
		seen[first] = true
	}
	if unacknowledged := int64(len(list.placings) - len(seen)); unacknowledged > p.Unknown {
		p.add("%d entries and withdrawals in the log were not acknowledged, and only %d outcomes are unknown", unacknowledged,
			p.Unknown)
	}
}

// checkLists checks the teams in the server's lists, and their order, against the log.
func (p *TournamentProof) checkLists(ctx context.Context, server *remote.Log, path string,
	list *recordedList) error {
	for _, test := range []struct {
		status events.EntryStatus
		want   []events.TeamID
	}{{events.EntryEntered, list.entered}, {events.EntryWaitlisted, list.waiting}} {
		var got []events.TeamID
		for next := ""; ; {
			var page struct {
				Items []placing
				Next  *string
			}
			query := url.Values{"limit": {"500"}, "status": {string(test.status)}, "cursor": {next},
				"min_position": {fmt.Sprint(list.position)}}
			if err := readRetrying(ctx, server, path+"?"+query.Encode(), &page); err != nil {
				return err
			}
			for _, item := range page.Items {
				got = append(got, item.TeamID)
				if test.status == events.EntryWaitlisted && item.Place != int64(len(got)) {
					p.add("%s is the server's number %d of the waitlist, and has place %d", item.TeamID, len(got), item.Place)
				}
			}
			if page.Next == nil {
				break
			}
			next = *page.Next
		}
		if !slices.Equal(got, test.want) {
			p.add("the server lists %d teams as %s, and the log has %d; they have to be the same, in the same order",
				len(got), test.status, len(test.want))
		}
	}
	return nil
}

// recordedList checks the order of the teams in the stream with an independent implementation of the rules: slots
// are given in the order of entries, and a free slot goes to the first team on the waitlist.
type recordedList struct {
	slots            int
	entered, waiting []events.TeamID
	// owed is the number of slots that the last fact freed for the waitlist. The next fact of the same
	// command has to promote that number of teams.
	owed     int
	command  string
	promoted int64
	position events.Position
	placings map[events.Revision]placing // entries and withdrawals
}

func (l *recordedList) apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	violation := func(format string, args ...any) error {
		return fmt.Errorf("revision %d: %s", e.Revision, fmt.Sprintf(format, args...))
	}
	command := events.RecordedCommand(e.Metadata)
	if _, promotion := fact.(*events.TournamentPromoted); l.owed > 0 && (!promotion || command != l.command) {
		return violation("a slot is free and %s waits, but the next event is a %s", l.waiting[0], fact.Name())
	}
	l.command, l.position = command, e.Position
	switch f := fact.(type) {
	case *events.TournamentEntered:
		if len(l.waiting) > 0 || len(l.entered) == l.slots || len(f.TeamIDs) != 1 {
			return violation("%v entered with %d of %d in and %d waiting", f.TeamIDs, len(l.entered), l.slots, len(l.waiting))
		}
		l.entered = append(l.entered, f.TeamIDs...)
		l.placings[e.Revision] = placing{TeamID: f.TeamIDs[0], Status: events.EntryEntered}
	case *events.TournamentWaitlisted:
		if len(l.entered) < l.slots || len(f.TeamIDs) != 1 {
			return violation("%v has to wait with %d of %d in", f.TeamIDs, len(l.entered), l.slots)
		}
		l.waiting = append(l.waiting, f.TeamIDs...)
		l.placings[e.Revision] = placing{TeamID: f.TeamIDs[0], Status: events.EntryWaitlisted, Place: int64(len(l.waiting))}
	case *events.TournamentWithdrawn:
		return l.withdraw(e.Revision, f, violation)
	case *events.TournamentPromoted:
		return l.promote(e.Revision, f, violation)
	}
	return nil
}

func (l *recordedList) withdraw(at events.Revision, f *events.TournamentWithdrawn,
	violation func(string, ...any) error) error {
	from := &l.waiting
	if f.Was == events.EntryEntered {
		from = &l.entered
	}
	i := slices.Index(*from, f.TeamID)
	if i < 0 {
		return violation("%s withdraws and was not %s", f.TeamID, f.Was)
	}
	*from = slices.Delete(*from, i, i+1)
	l.placings[at] = placing{TeamID: f.TeamID, Status: events.EntryWithdrawn}
	l.owed = min(l.slots-len(l.entered), len(l.waiting))
	return nil
}

func (l *recordedList) promote(at events.Revision, f *events.TournamentPromoted,
	violation func(string, ...any) error) error {
	teams := slices.Concat(f.Rows...)
	if len(teams) != l.owed || !slices.Equal(teams, l.waiting[:l.owed]) {
		return violation("%v is promoted, and %d of %v should be", teams, l.owed, l.waiting[:min(3, len(l.waiting))])
	}
	l.entered, l.waiting = append(l.entered, teams...), l.waiting[l.owed:]
	l.promoted += int64(l.owed)
	l.owed = 0
	withdrawal := l.placings[at-1]
	withdrawal.Promoted = teams
	l.placings[at-1] = withdrawal
	return nil
}

func (p *TournamentProof) print(out io.Writer) error {
	fmt.Fprintf(out, "  in the log: %d events, %d entries and withdrawals; acknowledged: %d; unknown outcomes: %d\n",
		p.Events, p.InLog, p.Acknowledged, p.Unknown)
	fmt.Fprintf(out, "  %d of %d slots taken, %d teams waiting, %d were promoted\n", p.Entered, p.Slots, p.Waiting,
		p.Promoted)
	return p.verdict(out, "every acknowledged place is in the log, in order, and every free slot went to the first who "+
		"waited, at once")
}
