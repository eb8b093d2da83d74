package events

import "time"

func init() {
	register[TournamentCreated]()
	register[TournamentEdited]()
	register[TournamentEntered]()
	register[TournamentWaitlisted]()
	register[TournamentPromoted]()
	register[TournamentWithdrawn]()
	registerUpcast("tournament.created.v1", func(old tournamentCreatedV1) Fact {
		return &TournamentCreated{TournamentID: old.TournamentID, DisplayName: old.DisplayName, TeamLimit: old.TeamLimit,
			RegisterDeadline: old.RegisterDeadline, Waitlist: old.Waitlist, WaitlistRule: old.WaitlistRule}
	})
	registerUpcast("tournament.edited.v1", func(old tournamentEditedV1) Fact {
		return &TournamentEdited{DisplayName: old.DisplayName, TeamLimit: old.TeamLimit, RegisterDeadline: old.RegisterDeadline,
			Status: old.Status, TournamentCounts: old.TournamentCounts}
	})
}

// tournamentCreatedV1 and tournamentEditedV1 are from before waiting rooms.
type tournamentCreatedV1 struct {
	TournamentID     string       `json:"tournament_id"`
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

// TournamentStatus is the organiser's switch.
type TournamentStatus string

// The two positions of the switch. A full tournament is open all the same.
const (
	TournamentOpen   TournamentStatus = "open"
	TournamentClosed TournamentStatus = "closed"
)

// WaitlistRule says who comes in when a slot is free and the first of the
// waitlist is a group that needs more.
type WaitlistRule string

// Strict lets everybody wait for the first; fill lets the first that fits in.
const (
	WaitlistStrict WaitlistRule = "strict"
	WaitlistFill   WaitlistRule = "fill"
)

// EntryStatus is where a team stands in a tournament.
type EntryStatus string

// The three places a team can be in. Who has withdrawn may enter again.
const (
	EntryEntered    EntryStatus = "entered"
	EntryWaitlisted EntryStatus = "waitlisted"
	EntryWithdrawn  EntryStatus = "withdrawn"
)

// TournamentCounts are a tournament's teams after a fact. They are members of
// the fact that they are in.
type TournamentCounts struct {
	// Entered teams have a slot each.
	Entered int64 `json:"entered"`
	// Remaining slots.
	Remaining int64 `json:"remaining"`
	// Waitlisted teams, those of groups counted one by one.
	Waitlisted int64 `json:"waitlisted"`
}

func (c *TournamentCounts) appendTo(o *Object) {
	o.Int("entered", c.Entered)
	o.Int("remaining", c.Remaining)
	o.Int("waitlisted", c.Waitlisted)
}

// TournamentCreated opens a tournament for entry.
type TournamentCreated struct {
	TournamentID string `json:"tournament_id"`
	// DisplayName is what people read.
	DisplayName string `json:"name"`
	// TeamLimit is how many slots there are.
	TeamLimit int64 `json:"team_limit"`
	// RegisterDeadline is the last moment at which a team can enter.
	RegisterDeadline time.Time `json:"register_deadline"`
	// Waitlist says whether teams may wait for a slot.
	Waitlist     bool         `json:"waitlist"`
	WaitlistRule WaitlistRule `json:"waitlist_rule"`
	// WaitingRoom that guards the entry, "" if none does.
	WaitingRoom string `json:"waiting_room"`
}

// Name is the frozen wire name.
func (*TournamentCreated) Name() string { return "tournament.created.v2" }

// AppendJSON appends the fact as JSON.
func (f *TournamentCreated) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("tournament_id", f.TournamentID)
	o.String("name", f.DisplayName)
	o.Int("team_limit", f.TeamLimit)
	o.Time("register_deadline", f.RegisterDeadline)
	o.Bool("waitlist", f.Waitlist)
	o.String("waitlist_rule", string(f.WaitlistRule))
	o.String("waiting_room", f.WaitingRoom)
	return o.Close()
}

// TournamentEdited states the tournament's editable members after an edit, all
// of them, so that whoever reads it needs no fact before it. The promotions that
// an edit makes possible are the facts right behind it.
type TournamentEdited struct {
	DisplayName      string           `json:"name"`
	TeamLimit        int64            `json:"team_limit"`
	RegisterDeadline time.Time        `json:"register_deadline"`
	Status           TournamentStatus `json:"status"`
	// WaitingRoom that guards the entry, "" if none does.
	WaitingRoom string `json:"waiting_room"`
	TournamentCounts
}

// Name is the frozen wire name.
func (*TournamentEdited) Name() string { return "tournament.edited.v2" }

// AppendJSON appends the fact as JSON.
func (f *TournamentEdited) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("name", f.DisplayName)
	o.Int("team_limit", f.TeamLimit)
	o.Time("register_deadline", f.RegisterDeadline)
	o.String("status", string(f.Status))
	o.String("waiting_room", f.WaitingRoom)
	f.appendTo(&o)
	return o.Close()
}

// TournamentEntered gives a team a slot, or each team of a group, in order.
type TournamentEntered struct {
	TeamIDs []string `json:"team_ids"`
	TournamentCounts
}

// Name is the frozen wire name.
func (*TournamentEntered) Name() string { return "tournament.entered.v1" }

// AppendJSON appends the fact as JSON.
func (f *TournamentEntered) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Strings("team_ids", f.TeamIDs)
	f.appendTo(&o)
	return o.Close()
}

// TournamentWaitlisted puts a team at the end of the waitlist, or a group, which
// stays together: its teams get their slots at once or not at all.
type TournamentWaitlisted struct {
	TeamIDs []string `json:"team_ids"`
	TournamentCounts
}

// Name is the frozen wire name.
func (*TournamentWaitlisted) Name() string { return "tournament.waitlisted.v1" }

// AppendJSON appends the fact as JSON.
func (f *TournamentWaitlisted) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Strings("team_ids", f.TeamIDs)
	f.appendTo(&o)
	return o.Close()
}

// TournamentPromoted gives slots to teams of the waitlist, in order. It is in the
// same append as the withdrawal or the edit that made room, so there is no moment
// at which somebody else could take the slot.
type TournamentPromoted struct {
	// Rows of the waitlist: each is one team, or what is left of one group. Many
	// may be in one fact, so that raising a limit costs few events.
	Rows [][]string `json:"rows"`
	TournamentCounts
}

// Name is the frozen wire name.
func (*TournamentPromoted) Name() string { return "tournament.promoted.v1" }

// AppendJSON appends the fact as JSON.
func (f *TournamentPromoted) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Key("rows")
	o.Buf = append(o.Buf, '[')
	for i, teams := range f.Rows {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = appendStrings(o.Buf, teams)
	}
	o.Buf = append(o.Buf, ']')
	f.appendTo(&o)
	return o.Close()
}

// TournamentWithdrawn takes a team out, wherever it stood. The rest of its group
// stays.
type TournamentWithdrawn struct {
	TeamID string `json:"team_id"`
	// Was is where the team stood: entered or waitlisted.
	Was EntryStatus `json:"was"`
	TournamentCounts
}

// Name is the frozen wire name.
func (*TournamentWithdrawn) Name() string { return "tournament.withdrawn.v1" }

// AppendJSON appends the fact as JSON.
func (f *TournamentWithdrawn) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("team_id", f.TeamID)
	o.String("was", string(f.Was))
	f.appendTo(&o)
	return o.Close()
}
