package client

import (
	"context"
	"iter"
)

// CreateTeam makes a team. One that exists with the same name and owner is returned.
func (c *Client) CreateTeam(ctx context.Context, t NewTeam, o ...Option) (Team, error) {
	return post[Team](ctx, c, t, o, "teams")
}

// Team reads a team.
func (c *Client) Team(ctx context.Context, id string, o ...Option) (Team, error) {
	return get[Team](ctx, c, o, "teams", id)
}

// CreateTournament opens a tournament. One that exists with the same values is returned.
func (c *Client) CreateTournament(ctx context.Context, t NewTournament, o ...Option) (Tournament, error) {
	return post[Tournament](ctx, c, t, o, "tournaments")
}

// Tournaments lists the tournaments, by id.
func (c *Client) Tournaments(ctx context.Context, o ...Option) iter.Seq2[Tournament, error] {
	return list[Tournament](ctx, c, o, "tournaments")
}

// Tournament reads a tournament.
func (c *Client) Tournament(ctx context.Context, id string, o ...Option) (Tournament, error) {
	return get[Tournament](ctx, c, o, "tournaments", id)
}

// EditTournament edits a tournament as of its EditTag.
func (c *Client) EditTournament(ctx context.Context, id, tag string, e TournamentEdit, o ...Option) (Tournament,
	error) {
	return edit[Tournament](ctx, c, tag, e, o, "tournaments", id)
}

// Enter enters a team, or a group of them as a whole.
func (c *Client) Enter(ctx context.Context, tournament string, e NewEntry, o ...Option) (Entered, error) {
	return post[Entered](ctx, c, e, o, "tournaments", tournament, "entries")
}

// Entries lists who has entered, in order; [Query] status waitlisted lists who waits.
func (c *Client) Entries(ctx context.Context, tournament string, o ...Option) iter.Seq2[Entry, error] {
	return list[Entry](ctx, c, o, "tournaments", tournament, "entries")
}

// Entry reads where a team stands.
func (c *Client) Entry(ctx context.Context, tournament, team string, o ...Option) (Entry, error) {
	return get[Entry](ctx, c, o, "tournaments", tournament, "entries", team)
}

// Withdraw takes a team out. After an attempt that nobody answered, not_found may mean that the team
// is out by it.
func (c *Client) Withdraw(ctx context.Context, tournament, team string, o ...Option) (Entered, error) {
	return remove[Entered](ctx, c, o, "tournaments", tournament, "entries", team)
}
