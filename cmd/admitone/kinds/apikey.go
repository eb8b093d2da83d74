package kinds

import (
	"fmt"
	"io"

	"admitone/actors/apikey"
	"admitone/actors/core"
	"admitone/api"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// apiKeyKind is a key with which a program calls the API. Keys are not demand: what-if and replay
// have no commands for them.
var apiKeyKind = register(&Kind{
	Name:     "api-key",
	Rules:    apikey.Kind,
	Show:     showing(row.APIKeyAt, apiKeyText, api.AppendAPIKey),
	Command:  func(*demand.Request, events.RoomID) (core.Command, error) { return nil, nil },
	Requests: func(*demand.Request) []*Request { return nil },
})

func apiKeyText(out io.Writer, k *row.APIKey) error {
	state := "live"
	switch {
	case !k.EndedAt.IsZero():
		state = "ended " + events.FormatTime(k.EndedAt)
	case !k.ExpiresAt.IsZero():
		state = "until " + events.FormatTime(k.ExpiresAt)
	}
	_, err := fmt.Fprintf(out, "api-key/%s  %s, %s\n  state      %s\n  revision   %d, position %d\n  created    %s\n",
		k.ID, k.Name, k.Role, state, k.Revision, k.Position, events.FormatTime(k.Created))
	return err
}
