package team

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers teams with the shell.
var Kind = core.Kind{Category: events.TeamCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the team with this id.
func Stream(id events.TeamID) events.StreamID {
	return events.NewStreamID(events.TeamCategory, string(id))
}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

// MaxOwned is the maximum number of teams of one owner.
const MaxOwned = 1_000

// Register registers a team. No-op if it is registered with the same name, and with the same owner
// or none. Refusals: already_exists (with a different name or owner), limit_exceeded.
type Register struct {
	ID   events.TeamID
	Name string
	// Owner is the holder who owns the team, "" for none.
	Owner events.Holder
	// Owned is the number of teams of the owner, as far as the caller knows; 0 for an owner without a limit.
	Owned int64
}

// Registered is the registration of a team. It never changes.
type Registered struct {
	ID    events.TeamID
	Name  string
	Owner events.Holder
}

// Team is the state and the rules of one team. It implements [core.Core].
type Team struct {
	registered Registered // ID is "" before the registration
}

// New returns a team that has not been registered yet.
func New() core.Core { return &Team{} }

// Exists reports whether the team was registered.
func (t *Team) Exists() bool { return t.registered.ID != "" }

// Registered returns the registration of the team.
func (t *Team) Registered() Registered { return t.registered }

// Decide implements [core.Core].
func (t *Team) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	register, ok := cmd.(*Register)
	switch {
	case !ok:
		panic(fmt.Sprintf("team: no rule for %T", cmd))
	case t.Exists() && register.Name == t.registered.Name &&
		(t.registered.Owner == "" || register.Owner == t.registered.Owner):
		return nil, nil
	case t.Exists():
		return nil, &core.Refusal{Code: core.CodeAlreadyExists,
			Detail: "a team with this id exists and has a different name or owner; choose another id"}
	case register.Owned >= MaxOwned:
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: fmt.Sprintf("a holder may have at most %d teams; enter with one of those", MaxOwned),
			Fields: map[string]any{"limit": int64(MaxOwned), "teams": register.Owned}}
	}
	return []events.Fact{
		&events.TeamRegistered{TeamID: register.ID, DisplayName: register.Name, Owner: register.Owner},
	}, nil
}

// Evolve implements [core.Core].
func (t *Team) Evolve(fact events.Fact) {
	f, ok := fact.(*events.TeamRegistered)
	if !ok || t.Exists() {
		panic(fmt.Sprintf("team %s: unexpected fact %s", t.registered.ID, fact.Name()))
	}
	t.registered = Registered{ID: f.TeamID, Name: f.DisplayName, Owner: f.Owner}
}

// NextDeadline implements [core.Core]: a team has no deadlines.
func (t *Team) NextDeadline() time.Time { return time.Time{} }

// Freeze implements [core.Core].
func (t *Team) Freeze() func(io.Writer) error {
	registered := t.registered
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(registered) }
}

// Restore implements [core.Core].
func (t *Team) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&t.registered) }
