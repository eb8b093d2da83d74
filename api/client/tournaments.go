package client

import (
	"context"
	"iter"
)

// CreateTeam creates a team. If one with the same name and owner exists, it is returned.
func (c *Client) CreateTeam(ctx context.Context, t NewTeam, o ...Option) (Team, error) {
	return post[Team](ctx, c, t, o, "teams")
}

// Team reads a team.
func (c *Client) Team(ctx context.Context, id string, o ...Option) (Team, error) {
	return get[Team](ctx, c, o, "teams", id)
}

// CreateTournament creates a tournament. If one with the same values exists, it is returned.
func (c *Client) CreateTournament(ctx context.Context, t NewTournament, o ...Option) (Tournament, error) {
	return post[Tournament](ctx, c, t, o, "tournaments")
}

// Tournaments lists the tournaments by id.
func (c *Client) Tournaments(ctx context.Context, o ...Option) iter.Seq2[Tournament, error] {
	return list[Tournament](ctx, c, o, "tournaments")
}

// Tournament reads a tournament.
func (c *Client) Tournament(ctx context.Context, id string, o ...Option) (Tournament, error) {
	return get[Tournament](ctx, c, o, "tournaments", id)
}

// EditTournament edits a tournament. tag is the EditTag that was read.
func (c *Client) EditTournament(ctx context.Context, id, tag string, e TournamentEdit, o ...Option) (Tournament,
	error) {
	return edit[Tournament](ctx, c, tag, e, o, "tournaments", id)
}

// Enter enters a team, or a group of teams, all of them or none.
func (c *Client) Enter(ctx context.Context, tournament string, e NewEntry, o ...Option) (Entered, error) {
	return post[Entered](ctx, c, e, o, "tournaments", tournament, "entries")
}

// Entries lists the entered teams in order. [Query] status=waitlisted lists the waitlist.
func (c *Client) Entries(ctx context.Context, tournament string, o ...Option) iter.Seq2[Entry, error] {
	return list[Entry](ctx, c, o, "tournaments", tournament, "entries")
}

// Entry reads the entry of a team.
func (c *Client) Entry(ctx context.Context, tournament, team string, o ...Option) (Entry, error) {
	return get[Entry](ctx, c, o, "tournaments", tournament, "entries", team)
}

// Withdraw withdraws a team. If an attempt was not answered, a retry's not_found may mean that the
// attempt succeeded.
func (c *Client) Withdraw(ctx context.Context, tournament, team string, o ...Option) (Entered, error) {
	return remove[Entered](ctx, c, o, "tournaments", tournament, "entries", team)
}
