package server

import (
	"cmp"
	"context"
	"time"

	"admitone/actors/placement"
	"admitone/actors/waitingroom"
	"admitone/api/peers"
	"admitone/events"
)

// roomOwner returns a function that reports whether this node should run a room, nil for a server without a cluster.
func (p *Server) roomOwner(s Settings) func(events.RoomID) bool {
	if s.Cluster.Listen == "" {
		return nil
	}
	return func(id events.RoomID) bool {
		n := p.node
		return n != nil && n.peers.State() == peers.Serving && !n.yields.Load() && !n.keys.foreign.Load() &&
			n.peers.Rank(placement.KeyOf(waitingroom.Stream(id))) == 0
	}
}

// forwarder returns a function that forwards heartbeats of visitors to the owner of a room, nil for
// a server without a cluster.
func (p *Server) forwarder(s Settings) func(events.RoomID, []byte) error {
	if s.Cluster.Listen == "" {
		return nil
	}
	return func(id events.RoomID, marks []byte) error {
		if p.node == nil {
			return peers.ErrOwnedHere
		}
		return p.node.peers.ForwardHeartbeats(placement.KeyOf(waitingroom.Stream(id)), string(id), marks)
	}
}

// reach returns a function that identifies the set of nodes, and reports whether this node receives heartbeats
// from all of them; nil for a server without a cluster.
func (p *Server) reach(s Settings) func() (uint64, bool) {
	if s.Cluster.Listen == "" {
		return nil
	}
	return func() (members uint64, all bool) {
		if p.node == nil {
			return 0, false
		}
		return p.node.peers.Reachability()
	}
}

// ownersEvery is the interval at which the set of serving nodes is checked for changes.
const ownersEvery = 100 * time.Millisecond

// watchOwners starts the waiting rooms of which this node becomes the owner, until ctx ends,
// including rooms whose visitors have not polled it.
func (p *Server) watchOwners(ctx context.Context) error {
	logged := false
	for known := uint64(0); sleep(ctx, ownersEvery) == nil; {
		view := p.node.peers.View()
		if view == known {
			continue
		}
		rooms, err := p.wakeRooms(ctx)
		if err != nil && ctx.Err() == nil {
			if !logged {
				p.logger.Warn("not all waiting rooms can be run yet", "rooms", rooms, "error", err)
			}
			logged = true
			continue
		}
		known, logged = view, false
	}
	return nil
}

// wakeRooms makes each room with visitors determine its owner. It returns the number of rooms that can't, and why the
// first one can't.
func (p *Server) wakeRooms(ctx context.Context) (failed int, first error) {
	for after := ""; ; {
		page, next, err := p.Views.WaitingRooms(after, 100)
		if err != nil {
			return failed, err
		}
		for i := range page {
			if page[i].WaitingRoomCounts == (events.WaitingRoomCounts{}) {
				continue
			}
			if err := p.Rooms.Resume(ctx, page[i].ID); err != nil {
				failed, first = failed+1, cmp.Or(first, err)
			}
		}
		if after = next; after == "" {
			return failed, first
		}
	}
}
