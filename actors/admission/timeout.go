package admission

import (
	"context"
	"errors"
	"slices"
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
)

// sweepsPerHeartbeat is the number of sweeps for timeouts per heartbeat interval.
const sweepsPerHeartbeat = 8

// sweepSilent drops visitors who have not polled for two heartbeat intervals, or forwards heartbeats
// if another server owns the room. It does nothing unless a sweep is due, and returns the time until
// the next one.
func (rm *room) sweepSilent(ctx context.Context) (pause time.Duration) {
	now := rm.rooms.config.Now()
	heartbeat := time.Duration(rm.line.Load().Settings.HeartbeatSeconds) * time.Second
	every := heartbeat / sweepsPerHeartbeat
	gap := now.Sub(rm.sweptAt)
	if gap >= 0 && gap < every {
		return every - gap
	}
	line := rm.line.Load()
	if reachable := rm.reachable(); gap < 0 || gap > heartbeat || line.Term != rm.term || !reachable ||
		rm.rooms.checkKeys() != nil {
		rm.timeoutsFrom = now // heartbeats may have been lost, or received by another server
	}
	rm.term = line.Term
	if rm.shouldForward(line) {
		rm.forwardHeartbeats(now, every)
		rm.sweptAt = rm.rooms.config.Now()
		return every
	}
	limit := now.Add(-2 * heartbeat)
	silent := rm.silentTickets(now, limit)
	var err error
	if !rm.timeoutsFrom.After(limit) && rm.runs(line) {
		err = rm.drop(ctx, silent, limit)
	}
	if ctx.Err() == nil {
		rm.report(&rm.sweepFailed, err)
	}
	rm.sweptAt = rm.rooms.config.Now()
	return every
}

// silentTickets returns the tickets of waiting visitors who were last seen before limit, in ascending
// order. It records visitors who were never seen as seen now.
func (rm *room) silentTickets(now, limit time.Time) (tickets []int64) {
	rm.eachInLine(func(ticket int64) {
		if rm.seen.isSilent(ticket, now, limit) {
			tickets = append(tickets, ticket)
		}
	})
	slices.Sort(tickets)
	return tickets
}

// eachInLine calls visit for the tickets of waiting visitors, and frees the recorded times that are no
// longer needed.
func (rm *room) eachInLine(visit func(ticket int64)) {
	line := rm.line.Load()
	var wanted []bool // chunks of the table
	for ticket := range line.InLine() {
		chunk := int((ticket - 1) / seenChunk)
		if chunk >= len(wanted) {
			wanted = append(wanted, make([]bool, chunk+1-len(wanted))...)
		}
		wanted[chunk] = true
		visit(ticket)
	}
	rm.seen.forget(line.Tickets, func(chunk int) bool { return chunk < len(wanted) && wanted[chunk] })
}

// drop drops the visitors with these tickets, except those who have polled since limit.
func (rm *room) drop(ctx context.Context, tickets []int64, limit time.Time) error {
	for batch := range slices.Chunk(tickets, waitingroom.DropAtOnce) {
		command := &waitingroom.Drop{Term: rm.term}
		for _, ticket := range batch {
			if rm.seen.markDropping(ticket, limit) {
				command.Tickets = events.AddTicket(command.Tickets, ticket)
			}
		}
		if len(command.Tickets) == 0 {
			continue
		}
		if err := rm.ask(ctx, command); err != nil {
			if errors.Is(err, waitingroom.ErrNotRunner) {
				err = nil // another server has taken the room over
			}
			for ticket := range events.Tickets(command.Tickets) { // the visitors still have their places
				rm.seen.record(ticket, rm.rooms.config.Now(), 0)
			}
			return err
		}
	}
	return nil
}
