package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/admission"
	"admitone/actors/calloff"
	"admitone/actors/core"
	"admitone/actors/cursors"
	"admitone/actors/placement"
	"admitone/actors/waitingroom"
	"admitone/actors/webhook"
	"admitone/api/codes"
	"admitone/api/peers"
	"admitone/events"
)

func (s *Server) clusterRoutes() { s.handle(fiber.MethodGet, "/v1/cluster", s.cluster) }

// clusterNode is a node of the cluster, as this node sees it.
type clusterNode struct {
	Name      string  `json:"name"`
	Run       string  `json:"run"`
	Self      bool    `json:"self"`
	State     string  `json:"state"`
	Suspected bool    `json:"suspected"`
	Version   string  `json:"version"`
	Since     string  `json:"since,omitempty"`
	HTTP      string  `json:"http"`
	Hop       int     `json:"hop_protocol"`
	Share     float64 `json:"share"`
	// Heard is the age of the newest heartbeat; nil for this node itself.
	Heard *float64 `json:"heard_seconds_ago"`
	Skew  float64  `json:"clock_ahead_seconds"`
	// Position is 0 for a node that has not reported it.
	Position events.Position `json:"position"`
	// KeysDiffer is true for a node that is not ready because of its keys.
	KeysDiffer bool `json:"keys_differ"`
}

// clusterDeparted is a node that went away.
type clusterDeparted struct {
	Name    string `json:"name"`
	Run     string `json:"run"`
	State   string `json:"state"`
	At      string `json:"at"`
	HTTP    string `json:"http"`
	Version string `json:"version"`
}

// clusterHops has the counts of [peers.Hops].
type clusterHops struct {
	Passed      int64 `json:"passed"`
	DecidedHere int64 `json:"decided_here"`
	Misplaced   int64 `json:"misplaced"`
}

// clusterRoom is a waiting room that this node knows, and the node that runs it.
type clusterRoom struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	Here  bool   `json:"runs_here"`
	Term  int64  `json:"term"`
}

// clusterCursor is a cursor with external effects (deliveries, payments, sweeps), and the node that took it
// over last.
type clusterCursor struct {
	Stream  events.StreamID `json:"stream"`
	Node    string          `json:"node"`
	Term    int64           `json:"term"`
	Reached events.Position `json:"reached"`
}

const (
	// maxClusterRooms bounds the rooms in an answer.
	maxClusterRooms = 100
	// maxClusterCursors bounds the cursors of each kind in an answer.
	maxClusterCursors = 100
	// cursorTimeout bounds the time for reading the cursors. A node that can't reach the log leaves out
	// the cursors that are not in its memory.
	cursorTimeout = 500 * time.Millisecond
)

// cluster answers with the nodes of the cluster, as this node sees them. Without --cluster, clustered is false
// and nodes is empty.
func (s *Server) cluster(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleAdmin); err != nil {
		return err
	}
	answer := struct {
		Clustered bool              `json:"clustered"`
		View      string            `json:"view"`
		Nodes     []clusterNode     `json:"nodes"`
		Departed  []clusterDeparted `json:"departed"`
		Hops      clusterHops       `json:"hops"`
		Rooms     []clusterRoom     `json:"rooms"`
		Cursors   []clusterCursor   `json:"cursors"`
	}{Nodes: []clusterNode{}, Departed: []clusterDeparted{}, Rooms: []clusterRoom{}, Cursors: []clusterCursor{}}
	if p := s.config.Peers; p != nil {
		answer.Clustered, answer.View, answer.Hops = true, p.ViewText(), clusterHops(p.Hops())
		answer.Rooms = s.clusterRooms(p)
		cursors, err := s.clusterCursors()
		if err != nil {
			return err
		}
		answer.Cursors = cursors
		for _, m := range p.Members() {
			answer.Nodes = append(answer.Nodes, newClusterNode(&m))
		}
		for _, d := range p.Departed() {
			answer.Departed = append(answer.Departed, clusterDeparted{Name: string(d.Name), Run: d.Run,
				State: string(d.State), At: d.At.UTC().Format(time.RFC3339Nano), HTTP: d.HTTP, Version: d.Version})
		}
	}
	return r.value(fiber.StatusOK, answer)
}

func newClusterNode(m *peers.Status) clusterNode {
	node := clusterNode{Name: string(m.Name), Run: m.Run, Self: m.Self, State: string(m.State), Suspected: m.Suspected,
		Version: m.Version, HTTP: m.HTTP, Hop: m.Hop, Share: m.Share, Skew: m.Skew.Seconds(), Position: m.Position,
		KeysDiffer: m.KeysDiffer}
	if run, err := events.ParseID(m.Run); err == nil {
		node.Since = run.Time().Format(time.RFC3339Nano)
	}
	if seconds := m.SinceHeartbeat.Seconds(); !m.Self {
		node.Heard = &seconds
	}
	return node
}

// clusterRooms returns the rooms that this node knows, sorted by id, at most maxClusterRooms.
func (s *Server) clusterRooms(p *peers.Peers) []clusterRoom {
	rooms := []clusterRoom{}
	for _, line := range s.config.Rooms.Lines() {
		owner := p.OwnerOf(placement.KeyOf(waitingroom.Stream(events.RoomID(line.ID))))
		rooms = append(rooms,
			clusterRoom{ID: line.ID, Owner: string(owner), Here: s.config.Rooms.Runs(line), Term: line.Term})
	}
	slices.SortFunc(rooms, func(a, b clusterRoom) int { return strings.Compare(a.ID, b.ID) })
	return rooms[:min(len(rooms), maxClusterRooms)]
}

// cursorStreams returns the streams of the active cursors: of enabled webhooks, of cancellations in progress,
// and of cursors that are entities themselves.
func (s *Server) cursorStreams() (streams []events.StreamID, err error) {
	views := s.config.Views
	hooks, _, err := views.Webhooks("", maxClusterCursors)
	if err != nil {
		return nil, err
	}
	for i := range hooks {
		if !hooks[i].Disabled {
			streams = append(streams, webhook.Stream(hooks[i].ID))
		}
	}
	open, err := views.OpenCallOffs()
	if err != nil {
		return nil, err
	}
	for i := range open[:min(len(open), maxClusterCursors)] {
		streams = append(streams, events.CallOffStream(open[i].ID))
	}
	others, _, err := views.Cursors("", maxClusterCursors)
	for i := range others {
		streams = append(streams, cursors.Stream(others[i].ID))
	}
	return streams, err
}

// clusterCursors returns the active cursors that a node has taken over.
func (s *Server) clusterCursors() ([]clusterCursor, error) {
	streams, err := s.cursorStreams()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), cursorTimeout)
	defer cancel()
	taken := []clusterCursor{}
	for _, stream := range streams {
		var at core.Cursor
		_, err := s.config.Desk.View(ctx, stream, func(c core.Core) {
			switch c := c.(type) {
			case *webhook.Webhook:
				at = c.Cursor()
			case *calloff.CallOff:
				at = c.State().Cursor
			case *cursors.Cursor:
				at = c.At()
			}
		})
		if err == nil && at.Term > 0 {
			taken = append(taken, clusterCursor{stream, at.Node, at.Term, at.Reached})
		}
	}
	return taken, nil
}

// checkNode returns a problem, with a reason, if this node of a cluster can't take traffic.
func (s *Server) checkNode() error {
	if s.config.Peers == nil {
		return nil
	}
	withReason := func(p *problem, reason string) error {
		p.fields, p.after = map[string]any{"reason": reason}, time.Second
		return p
	}
	if s.config.Peers.KeysDiffer() || s.config.Rooms.KeyState() == admission.KeysDiffer {
		return withReason(
			refuse(codes.KeysDiffer, "another node signs tokens or passes with other keys; give all nodes the same "+
				"--secrets"),
			"keys_differ",
		)
	}
	switch s.config.Peers.State() {
	case peers.Joining:
		return withReason(refuse(codes.ProjectionBehind, "this node is catching up with the log and joining"), "joining")
	case peers.Cut:
		if s.config.Peers.OthersServe() {
			return withReason(refuse(codes.LogUnavailable, "this node can't reach the log; others have taken over"), "cut")
		}
		return withReason(refuse(codes.LogUnavailable, "this node can't reach the log"), "cut")
	case peers.Draining:
		return withReason(refuse(codes.Draining, "this node is about to stop; send new requests to another one"), "draining")
	}
	return nil
}
