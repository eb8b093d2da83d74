package events

func init() { register[TeamRegistered]() }

// TeamRegistered makes a team known, so that it can enter tournaments.
type TeamRegistered struct {
	TeamID string `json:"team_id"`
	// DisplayName is what people read.
	DisplayName string `json:"name"`
}

// Name is the frozen wire name.
func (*TeamRegistered) Name() string { return "team.registered.v1" }

// AppendJSON appends the fact as JSON.
func (f *TeamRegistered) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("team_id", f.TeamID)
	o.String("name", f.DisplayName)
	return o.Close()
}
