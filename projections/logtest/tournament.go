package logtest

import (
	"strings"
	"time"

	"admitone/events"
)

// Counts returns counts as a fact records them.
func Counts(entered, remaining, waitlisted int64) events.TournamentCounts {
	return events.TournamentCounts{Entered: entered, Remaining: remaining, Waitlisted: waitlisted}
}

// TournamentLog appends facts of one tournament, with any content.
type TournamentLog struct {
	*Forgery
	deadline time.Time
}

// NewTournamentLog returns an empty log.
func NewTournamentLog() *TournamentLog {
	f := NewForgery()
	return &TournamentLog{f, f.Now.Add(time.Hour)}
}

// Fact appends facts to the stream of the tournament.
func (s *TournamentLog) Fact(facts ...events.Fact) { s.Add("tournament-a", facts...) }

// Created appends the creation.
func (s *TournamentLog) Created(limit int64, waitlist bool, rule events.WaitlistRule) {
	s.Fact(&events.TournamentCreated{TournamentID: "a", DisplayName: "A", TeamLimit: limit, RegisterDeadline: s.deadline,
		Waitlist: waitlist, WaitlistRule: rule})
}

// Edited appends an edit.
func (s *TournamentLog) Edited(limit int64, status events.TournamentStatus, c events.TournamentCounts) {
	s.Fact(&events.TournamentEdited{DisplayName: "B", TeamLimit: limit, RegisterDeadline: s.deadline, Status: status,
		TournamentCounts: c})
}

func split(teams string) (ids []events.TeamID) {
	for _, id := range strings.Fields(teams) {
		ids = append(ids, events.TeamID(id))
	}
	return ids
}

// Entered appends the entry of teams, separated by spaces.
func (s *TournamentLog) Entered(teams string, c events.TournamentCounts) {
	s.Fact(&events.TournamentEntered{TeamIDs: split(teams), TournamentCounts: c})
}

// Waitlisted appends the waitlisting of teams, separated by spaces.
func (s *TournamentLog) Waitlisted(teams string, c events.TournamentCounts) {
	s.Fact(&events.TournamentWaitlisted{TeamIDs: split(teams), TournamentCounts: c})
}

// Promoted appends the promotion of rows of teams: commas separate rows, spaces the teams of a row.
func (s *TournamentLog) Promoted(rows string, c events.TournamentCounts) {
	fact := &events.TournamentPromoted{TournamentCounts: c}
	for row := range strings.SplitSeq(rows, ",") {
		fact.Rows = append(fact.Rows, split(row))
	}
	s.Fact(fact)
}

// Withdrawn appends the withdrawal of a team.
func (s *TournamentLog) Withdrawn(team events.TeamID, was events.EntryStatus, c events.TournamentCounts) {
	s.Fact(&events.TournamentWithdrawn{TeamID: team, Was: was, TournamentCounts: c})
}

// Tournament returns a log in which every basic fact of a tournament occurs and no rule is broken.
func Tournament() *TournamentLog {
	s := NewTournamentLog()
	for _, id := range []string{"lions", "tigers"} {
		s.Add(events.NewStreamID("team", id), &events.TeamRegistered{TeamID: events.TeamID(id), DisplayName: "The " + id})
	}
	s.Created(2, true, events.WaitlistStrict)
	s.Entered("lions", Counts(1, 1, 0))
	s.Wait(time.Hour) // an entry is valid up to the deadline
	s.Waitlisted("tigers bears", Counts(1, 1, 2))
	s.Waitlisted("wolves", Counts(1, 1, 3))
	s.Wait(time.Hour)
	s.Edited(3, events.TournamentOpen, Counts(1, 2, 3))
	s.Promoted("tigers bears", Counts(3, 0, 1))
	s.Withdrawn("lions", events.EntryEntered, Counts(2, 1, 1))
	s.Promoted("wolves", Counts(3, 0, 0))
	s.Edited(3, events.TournamentClosed, Counts(3, 0, 0))
	s.Withdrawn("tigers", events.EntryEntered, Counts(2, 1, 0))
	return s
}
