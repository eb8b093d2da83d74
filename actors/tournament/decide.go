package tournament

import (
	"fmt"
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

var errNoTournament = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such tournament",
	Fields: map[string]any{"resource": "tournament"}}

var errNoEntry = &core.Refusal{Code: core.CodeNotFound, Detail: "the team has not entered and does not wait",
	Fields: map[string]any{"resource": "entry"}}

var errBadLimit = &core.Refusal{Code: core.CodeInvalidField, Detail: "team_limit must be from 1 to 1,000,000",
	Fields: map[string]any{"field": "team_limit"}}

var errOpensLate = &core.Refusal{Code: core.CodeInvalidField, Detail: "opens_at must be before register_deadline",
	Fields: map[string]any{"field": "opens_at"}}

var errBadTeams = &core.Refusal{Code: core.CodeInvalidField, Detail: "team_ids must be 1 to 16 teams, each once",
	Fields: map[string]any{"field": "team_ids"}}

var errClosed = &core.Refusal{Code: core.CodeRegistrationClosed,
	Detail: "the organiser has closed the tournament for entry"}

// errFull and errWaitlistFull are the most frequent refusals, so they are allocated once.
var errFull = &core.Refusal{Code: core.CodeTournamentFull,
	Detail: "every slot is taken; watch the tournament for a withdrawal",
	Fields: map[string]any{"remaining": int64(0)}}

var errWaitlistFull = &core.Refusal{Code: core.CodeTournamentFull,
	Detail: "every slot is taken, and the waitlist is full too",
	Fields: map[string]any{"remaining": int64(0), "waitlisted": int64(MaxTeams)}}

// Decide implements [core.Core].
func (t *Tournament) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	if create, ok := cmd.(*Create); ok {
		return t.create(create, now)
	}
	if !t.Exists() {
		return nil, errNoTournament
	}
	switch cmd := cmd.(type) {
	case *Enter:
		return t.enter(cmd, now)
	case *Withdraw:
		return t.withdraw(cmd)
	case *Edit:
		return t.edit(cmd, now)
	case *Cancel:
		return t.cancel(cmd), nil
	case *core.Expire:
		return t.openIfDue(t.sale, t.counts(), now), nil
	}
	panic(fmt.Sprintf("tournament: no rule for %T", cmd))
}

func (t *Tournament) create(cmd *Create, now time.Time) ([]events.Fact, error) {
	switch {
	case cmd.TeamLimit < 1 || cmd.TeamLimit > MaxTeams:
		return nil, errBadLimit
	case t.Exists() && cmd.same(&t.created):
		return nil, nil
	case t.Exists():
		return nil, &core.Refusal{Code: core.CodeAlreadyExists,
			Detail: "a tournament with this id exists and differs; choose another id, or edit it"}
	case !opensBefore(cmd.OpensAt, cmd.RegisterDeadline):
		return nil, errOpensLate
	}
	status := events.TournamentStatus("")
	if cmd.Closed {
		status = events.TournamentClosed
	}
	return append([]events.Fact{&events.TournamentCreated{
		TournamentID: cmd.ID, DisplayName: cmd.Name, TeamLimit: cmd.TeamLimit,
		RegisterDeadline: cmd.RegisterDeadline, Waitlist: cmd.Waitlist, WaitlistRule: cmd.Rule,
		WaitingRoom: cmd.WaitingRoom, OpensAt: cmd.OpensAt, Status: status,
	}}, t.openIfDue(core.Sale{}.WithTimes(events.SaleTimes{OpensAt: cmd.OpensAt}),
		events.TournamentCounts{Remaining: cmd.TeamLimit}, now)...), nil
}

// opensBefore reports whether teams can enter at all: entry opens before its deadline, or has no
// opening time.
func opensBefore(opensAt, deadline time.Time) bool {
	return opensAt.IsZero() || opensAt.Before(deadline)
}

// openIfDue returns the fact that entry has opened, if that is due.
func (t *Tournament) openIfDue(sale core.Sale, counts events.TournamentCounts, now time.Time) []events.Fact {
	at := sale.Due(now).OpensAt
	if at.IsZero() {
		return nil
	}
	return []events.Fact{&events.TournamentOpened{OpensAt: at, TournamentCounts: counts}}
}

func (t *Tournament) enter(cmd *Enter, now time.Time) ([]events.Fact, error) {
	if !validTeams(cmd.TeamIDs) {
		return nil, errBadTeams
	}
	if refusal := core.RequirePass(t.created.WaitingRoom, cmd.Room); refusal != nil {
		return nil, refusal
	}
	if t.calledOff {
		return nil, ErrCalledOff
	}
	for _, team := range cmd.TeamIDs {
		if status, in := t.Entry(team); in {
			return nil, &core.Refusal{Code: core.CodeAlreadyEntered,
				Detail: "the team has entered or waits already; withdraw it to give up its place",
				Fields: map[string]any{"team_id": string(team), "entry": string(status)}}
		}
	}
	if refusal := t.sale.Refuse(now); refusal != nil {
		return nil, refusal
	}
	if now.After(t.created.RegisterDeadline) {
		return nil, &core.Refusal{Code: core.CodeDeadlinePassed, Detail: "the deadline for entry has passed",
			Fields: map[string]any{"register_deadline": t.created.RegisterDeadline}}
	}
	if t.created.Closed {
		return nil, errClosed
	}
	teams, after := int64(len(cmd.TeamIDs)), t.counts()
	// A waiting team does not fit, or it would have been promoted. Under the strict rule a newcomer
	// has to wait after it.
	mustWait := t.waitlisted > 0 && t.created.Rule != events.WaitlistFill
	if teams <= after.Remaining && !mustWait {
		after.Entered, after.Remaining = after.Entered+teams, after.Remaining-teams
		return []events.Fact{
			&events.TournamentEntered{TeamIDs: cmd.TeamIDs, TournamentCounts: after, OrderData: cmd.Order},
		}, nil
	}
	if refusal := t.refuseWaiting(teams); refusal != nil {
		return nil, refusal
	}
	after.Waitlisted += teams
	return []events.Fact{&events.TournamentWaitlisted{TeamIDs: cmd.TeamIDs, TournamentCounts: after,
		OrderData: cmd.Order}}, nil
}

func validTeams(teams []events.TeamID) bool {
	for i, team := range teams {
		if team == "" || slices.Contains(teams[:i], team) {
			return false
		}
	}
	return len(teams) >= 1 && len(teams) <= MaxGroup
}

// refuseWaiting returns the refusal of teams that can't wait for slots, nil if they can.
func (t *Tournament) refuseWaiting(teams int64) *core.Refusal {
	remaining := t.counts().Remaining
	switch {
	case teams > t.created.TeamLimit:
		return &core.Refusal{Code: core.CodeTournamentFull, Detail: "the group has more teams than the tournament has slots; enter with fewer",
			Fields: map[string]any{"remaining": remaining}}
	case t.created.Waitlist && t.waitlisted+teams > MaxTeams:
		return errWaitlistFull
	case t.created.Waitlist:
		return nil
	case remaining == 0:
		return errFull
	}
	return &core.Refusal{Code: core.CodeTournamentFull,
		Detail: "fewer slots remain than the group has teams; enter with fewer",
		Fields: map[string]any{"remaining": remaining}}
}

func (t *Tournament) withdraw(cmd *Withdraw) ([]events.Fact, error) {
	number, in := t.teams.Get(cmd.TeamID)
	if !in {
		return nil, errNoEntry
	}
	after, was := t.counts(), events.EntryEntered
	waiting := iterator{list: &t.waitlist}
	if number == 0 {
		after.Entered, after.Remaining = after.Entered-1, after.Remaining+1
	} else {
		was = events.EntryWaitlisted
		after.Waitlisted--
		row, _ := t.waitlist.rows.Get(number)
		waiting.changed, waiting.rest = number, without(row, cmd.TeamID)
	}
	facts := []events.Fact{&events.TournamentWithdrawn{TeamID: cmd.TeamID, Was: was, TournamentCounts: after}}
	if t.created.Closed || t.calledOff {
		return facts, nil
	}
	promoted, _ := t.promote(&waiting, after)
	return append(facts, promoted...), nil
}

func (t *Tournament) edit(cmd *Edit, now time.Time) ([]events.Fact, error) {
	if t.calledOff {
		return nil, ErrCalledOff
	}
	fact := &events.TournamentEdited{
		DisplayName:      core.Or(cmd.Name, t.created.Name),
		TeamLimit:        core.Or(cmd.TeamLimit, t.created.TeamLimit),
		RegisterDeadline: core.Or(cmd.RegisterDeadline, t.created.RegisterDeadline),
		Status:           core.Or(cmd.Status, t.Status()),
		WaitingRoom:      core.Or(cmd.WaitingRoom, t.created.WaitingRoom),
		OpensAt:          core.Or(cmd.OpensAt, t.created.OpensAt),
	}
	sale := t.sale.WithTimes(events.SaleTimes{OpensAt: fact.OpensAt})
	fact.TournamentCounts = t.counts()
	fact.Remaining = fact.TeamLimit - t.entered
	switch {
	case fact.TeamLimit < 1 || fact.TeamLimit > MaxTeams:
		return nil, errBadLimit
	case fact.Remaining < 0:
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: "team_limit can't be below the number of teams that have entered; choose at least that number",
			Fields: map[string]any{"entered": t.entered}}
	case (cmd.OpensAt != nil || cmd.RegisterDeadline != nil) && !opensBefore(fact.OpensAt, fact.RegisterDeadline):
		return nil, errOpensLate
	case fact.Status == events.TournamentClosed:
		return append([]events.Fact{fact}, t.openIfDue(sale, fact.TournamentCounts, now)...), nil
	}
	promoted, ok := t.promote(&iterator{list: &t.waitlist}, fact.TournamentCounts)
	if !ok {
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: "too many waiting teams would be promoted in one step; raise the limit in smaller steps",
			Fields: map[string]any{"entered": t.entered, "at_once": int64(MaxPromoted)}}
	}
	counts := fact.TournamentCounts
	if len(promoted) > 0 {
		counts = promoted[len(promoted)-1].(*events.TournamentPromoted).TournamentCounts
	}
	facts := append([]events.Fact{fact}, promoted...)
	return append(facts, t.openIfDue(sale, counts, now)...), nil
}

// promote gives the remaining slots to waiting rows, in order. ok is false if that would promote more than
// MaxPromoted teams.
func (t *Tournament) promote(waiting *iterator, counts events.TournamentCounts) (facts []events.Fact, ok bool) {
	var fact *events.TournamentPromoted
	for maxEntered := counts.Entered + MaxPromoted; counts.Remaining > 0; {
		sizes := int64(MaxGroup)
		if t.created.Rule == events.WaitlistFill {
			sizes = min(sizes, counts.Remaining)
		}
		row := waiting.next(int(sizes))
		teams := int64(len(row))
		if teams == 0 || teams > counts.Remaining {
			break
		}
		counts.Entered, counts.Remaining, counts.Waitlisted =
			counts.Entered+teams, counts.Remaining-teams, counts.Waitlisted-teams
		if counts.Entered > maxEntered {
			return nil, false
		}
		if fact == nil || len(fact.Rows) == maxRows {
			fact = &events.TournamentPromoted{}
			facts = append(facts, fact)
		}
		fact.Rows, fact.TournamentCounts = append(fact.Rows, row), counts
	}
	return facts, true
}
