package team

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Category of the streams of teams.
const Category = "team"

// Stream of the team with this id.
func Stream(id string) events.StreamID { return events.NewStreamID(Category, id) }

// SnapshotVersion changes with what Freeze writes; a snapshot of another version
// is not read.
const SnapshotVersion = 1

// Register makes a team known. Again with the same name it does nothing, with
// another it is refused: already_exists.
type Register struct {
	ID   string
	Name string
}

// Team is the state and the rules of one team. It implements [core.Core].
type Team struct {
	registered Register // ID is "" before
}

// New returns a team that has not been registered yet.
func New() core.Core { return &Team{} }

// Exists says whether the team was registered.
func (t *Team) Exists() bool { return t.registered.ID != "" }

// Registered returns the team as it was registered.
func (t *Team) Registered() Register { return t.registered }

// Decide implements [core.Core].
func (t *Team) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	register, ok := cmd.(*Register)
	switch {
	case !ok:
		panic(fmt.Sprintf("team: no rule for %T", cmd))
	case !t.Exists():
		return []events.Fact{&events.TeamRegistered{TeamID: register.ID, DisplayName: register.Name}}, nil
	case *register == t.registered:
		return nil, nil
	}
	return nil, &core.Refusal{Code: "already_exists", Detail: "a team with this id exists and has another name; choose another id"}
}

// Evolve implements [core.Core].
func (t *Team) Evolve(fact events.Fact) {
	f, ok := fact.(*events.TeamRegistered)
	if !ok || t.Exists() {
		panic(fmt.Sprintf("team %s: the log goes on with a %s", t.registered.ID, fact.Name()))
	}
	t.registered = Register{ID: f.TeamID, Name: f.DisplayName}
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
