package events

func init() { register[TeamRegistered]() }

// TeamRegistered registers a team for tournaments.
type TeamRegistered struct {
	TeamID TeamID `json:"team_id"`
	// DisplayName is for display.
	DisplayName string `json:"name"`
	// Owner is the holder who owns the team, "" if any holder may enter it. It is not public.
	Owner Holder `json:"owner,omitempty"`
}

func (*TeamRegistered) Name() string { return "team.registered.v1" }
