package events

import "time"

func init() {
	register[TournamentCreated]()
	register[TournamentEdited]()
	register[TournamentEntered]()
	register[TournamentWaitlisted]()
	register[TournamentPromoted]()
	register[TournamentWithdrawn]()
	register[TournamentOpened]()
	registerUpcast("tournament.created.v1", func(old tournamentCreatedV1) Fact {
		return &TournamentCreated{TournamentID: old.TournamentID, DisplayName: old.DisplayName, TeamLimit: old.TeamLimit,
			RegisterDeadline: old.RegisterDeadline, Waitlist: old.Waitlist, WaitlistRule: old.WaitlistRule}
	})
	registerUpcast("tournament.edited.v1", func(old tournamentEditedV1) Fact {
		return &TournamentEdited{DisplayName: old.DisplayName, TeamLimit: old.TeamLimit,
			RegisterDeadline: old.RegisterDeadline, Status: old.Status, TournamentCounts: old.TournamentCounts}
	})
}

// tournamentCreatedV1 and tournamentEditedV1 lack the waiting room.
type tournamentCreatedV1 struct {
	TournamentID     TournamentID `json:"tournament_id"`
	DisplayName      string       `json:"name"`
	TeamLimit        int64        `json:"team_limit"`
	RegisterDeadline time.Time    `json:"register_deadline"`
	Waitlist         bool         `json:"waitlist"`
	WaitlistRule     WaitlistRule `json:"waitlist_rule"`
}

type tournamentEditedV1 struct {
	DisplayName      string           `json:"name"`
	TeamLimit        int64            `json:"team_limit"`
	RegisterDeadline time.Time        `json:"register_deadline"`
	Status           TournamentStatus `json:"status"`
	TournamentCounts
}

// TournamentStatus is the status of a tournament, as set by the organiser.
type TournamentStatus string

// The statuses of a tournament. A full tournament may be open.
const (
	TournamentOpen   TournamentStatus = "open"
	TournamentClosed TournamentStatus = "closed"
	// TournamentIsCancelled: the organiser cancelled it.
	TournamentIsCancelled TournamentStatus = "cancelled"
)

// WaitlistRule determines which entry is promoted when slots are free but the first entry of the waitlist is
// a group that needs more.
type WaitlistRule string

// The waitlist rules. Strict makes all entries wait for the first; fill promotes the first entry that fits.
const (
	WaitlistStrict WaitlistRule = "strict"
	WaitlistFill   WaitlistRule = "fill"
)

// EntryStatus is the status of a team in a tournament.
type EntryStatus string

// The statuses of a team in a tournament. A withdrawn team may enter again.
const (
	EntryEntered    EntryStatus = "entered"
	EntryWaitlisted EntryStatus = "waitlisted"
	EntryWithdrawn  EntryStatus = "withdrawn"
	// EntryCancelled: the tournament was cancelled.
	EntryCancelled EntryStatus = "cancelled"
)

// TournamentCounts are a tournament's counts after a fact, embedded in the fact.
type TournamentCounts struct {
	// Entered is the number of teams that have a slot.
	Entered int64 `json:"entered"`
	// Remaining is the number of free slots.
	Remaining int64 `json:"remaining"`
	// Waitlisted is the number of teams in the waitlist, including each team of a group.
	Waitlisted int64 `json:"waitlisted"`
}

// TournamentCreated opens a tournament for entry.
type TournamentCreated struct {
	TournamentID TournamentID `json:"tournament_id"`
	// DisplayName is for display.
	DisplayName string `json:"name"`
	// TeamLimit is the number of slots.
	TeamLimit int64 `json:"team_limit"`
	// RegisterDeadline is the deadline for entries.
	RegisterDeadline time.Time `json:"register_deadline"`
	// Waitlist means that teams may wait for a slot.
	Waitlist     bool         `json:"waitlist"`
	WaitlistRule WaitlistRule `json:"waitlist_rule"`
	// WaitingRoom guards the entry, "" if none does.
	WaitingRoom RoomID `json:"waiting_room"`
	// OpensAt is the earliest time for entries, zero for none.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// Status is closed, or "" for an open tournament.
	Status TournamentStatus `json:"status,omitempty"`
}

func (*TournamentCreated) Name() string { return "tournament.created.v2" }

// Schedule implements [Scheduled].
func (f *TournamentCreated) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{OpensAt: f.OpensAt}, false
}

// TournamentEdited states all editable members of the tournament after an edit, so that a reader needs no
// earlier fact. Promotions that the edit makes possible follow immediately.
type TournamentEdited struct {
	DisplayName      string           `json:"name"`
	TeamLimit        int64            `json:"team_limit"`
	RegisterDeadline time.Time        `json:"register_deadline"`
	Status           TournamentStatus `json:"status"`
	// WaitingRoom guards the entry, "" if none does.
	WaitingRoom RoomID `json:"waiting_room"`
	TournamentCounts
	// OpensAt is the earliest time for entries, zero for none.
	OpensAt time.Time `json:"opens_at,omitzero"`
}

func (*TournamentEdited) Name() string { return "tournament.edited.v2" }

// Schedule implements [Scheduled].
func (f *TournamentEdited) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{OpensAt: f.OpensAt}, false
}

// TournamentOpened records that OpensAt has been reached. No decision depends on it.
type TournamentOpened struct {
	OpensAt time.Time `json:"opens_at"`
	TournamentCounts
}

func (*TournamentOpened) Name() string { return "tournament.opened.v1" }

// Schedule implements [Scheduled].
func (f *TournamentOpened) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{OpensAt: f.OpensAt}, true
}

// TournamentEntered gives a team a slot, or each team of a group, in order.
type TournamentEntered struct {
	TeamIDs []TeamID `json:"team_ids"`
	TournamentCounts
	OrderData
}

func (*TournamentEntered) Name() string { return "tournament.entered.v1" }

// TournamentWaitlisted puts a team or a group at the end of the waitlist. A group stays together: its teams
// get their slots at the same time.
type TournamentWaitlisted struct {
	TeamIDs []TeamID `json:"team_ids"`
	TournamentCounts
	OrderData
}

func (*TournamentWaitlisted) Name() string { return "tournament.waitlisted.v1" }

// TournamentPromoted gives slots to teams of the waitlist, in order. It is in the same append as the
// withdrawal or the edit that freed the slots, so they are never available to other teams.
type TournamentPromoted struct {
	// Rows are entries of the waitlist: each is a team, or the remaining teams of a group. One fact may have
	// many, so that raising the limit costs few events.
	Rows [][]TeamID `json:"rows"`
	TournamentCounts
}

func (*TournamentPromoted) Name() string { return "tournament.promoted.v1" }

// TournamentWithdrawn removes a team that is entered or waitlisted. The rest of its group stays.
type TournamentWithdrawn struct {
	TeamID TeamID `json:"team_id"`
	// Was is the previous status: entered or waitlisted.
	Was EntryStatus `json:"was"`
	TournamentCounts
}

func (*TournamentWithdrawn) Name() string { return "tournament.withdrawn.v1" }
