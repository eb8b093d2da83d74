package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/actors/placement"
	"admitone/actors/process"
	"admitone/api/codes"
	"admitone/api/connections"
	"admitone/api/peers"
	"admitone/events"
)

// hop describes a request that another node may decide too: either another node has forwarded it to this one, or
// this node has forwarded it and may still have to decide it.
type hop struct {
	peers.Hop
	received bool // forwarded to this node
	commands int  // number of ids that commandID has returned
}

// commandID returns the id of the next command of the request. Every node derives the same ids, in the same
// order.
func (h *hop) commandID() actors.CommandID {
	h.commands++
	if h.commands == 1 {
		return actors.CommandID(h.Command)
	}
	return process.ID("passed", h.Command+"/"+strconv.Itoa(h.commands))
}

// newCommandID returns the id of a command without an Idempotency-Key.
func (r *request) newCommandID() actors.CommandID {
	if r.hop == nil {
		return actors.NewCommandID()
	}
	return r.hop.commandID()
}

// setForwarded sets the fields of a command that another node may decide too.
func (r *request) setForwarded(request *actors.Request) {
	if r.hop == nil {
		return
	}
	request.After, request.At, request.Until = &r.hop.After, r.hop.At, r.hop.Until
	if key, err := r.key(); err == nil && key == "" {
		request.Bounded = false // a node has created the id, although it may look like one from an Idempotency-Key
	}
}

// clock returns the time at which the credentials of a request must be valid: the time at which the first node
// received it, or now.
func (r *request) clock() time.Time {
	if at := r.receivedAt(); !at.IsZero() {
		return at
	}
	return time.Now()
}

// receivedAt returns when the first node received a forwarded request, by that node's clock. It returns the zero
// time for a request that was not forwarded.
func (r *request) receivedAt() time.Time {
	if r.hop == nil {
		return time.Time{}
	}
	return r.hop.Clock
}

// catchUp waits until this node has read the log up to its current head. The owner of an entity may have appended
// to the log, and a refusal based on older state would be wrong. Error: log_unavailable, at the time until.
func (s *Server) catchUp(until time.Time) error {
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	head, err := s.config.Store.Head(ctx)
	if err == nil {
		err = s.config.Views.WaitFor(ctx, head)
	}
	for err == nil && s.config.Followed() < head {
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(catchUpInterval):
		}
	}
	if err != nil {
		return refuse(codes.LogUnavailable, "the node that owns this does not answer, and the log can't be read in time")
	}
	return nil
}

// catchUpInterval is the interval at which catchUp checks its progress.
const catchUpInterval = 2 * time.Millisecond

// withForwarding returns a handler that forwards a request to the node that owns its entity. h answers it if this
// node is the owner, if the owner does not answer, and if another node has forwarded it; see package peers.
func (s *Server) withForwarding(h handler) handler {
	if s.config.Peers == nil {
		return h
	}
	return func(r *request) error {
		if r.hop != nil {
			return s.answerHop(r, h)
		}
		until := r.start.Add(AnswerLimit)
		key := s.keyOf(r)
		if key != "" {
			s.config.Peers.AwaitServing()
		}
		owner := s.config.Peers.Owner(key)
		if owner == nil {
			return h(r)
		}
		now := time.Now()
		r.hop = &hop{Hop: peers.Hop{Command: r.mintCommandID(), After: max(s.config.Views.Position(), s.config.Followed()),
			At: now, Until: until, Clock: now}}
		if address, named, _ := r.directCallerAddress(); named {
			r.hop.Client = address
		}
		position, passed := owner.Pass(r.ctx.Context(), r.id, &r.hop.Hop)
		if passed {
			s.notePosition(position)
			return nil
		}
		if time.Now().After(until) {
			return refuse(codes.LogUnavailable, "the node that owns this did not answer in time; the outcome is unknown")
		}
		if err := s.catchUp(until); err != nil {
			return err
		}
		limit, cancel := context.WithDeadline(context.Background(), until)
		defer cancel()
		r.until = limit // the owner has used up part of the time
		return h(r)
	}
}

// readHop parses the header of a request that another node has forwarded. A forged header is refused.
func (r *request) readHop() error {
	header := r.ctx.Get(peers.Header)
	if header == "" || r.server.config.Peers == nil {
		return nil
	}
	h, err := r.server.config.Peers.Secret().Open(header, r.method(), string(r.ctx.Request().Header.RequestURI()),
		r.body())
	if err != nil {
		return refuse(codes.BadParameter, err.Error())
	}
	r.hop = &hop{Hop: *h, received: true}
	return nil
}

// answerHop answers a request that another node has forwarded. A header of the answer has the log position that
// later reads at that node have to include.
func (s *Server) answerHop(r *request, h handler) error {
	switch {
	case time.Now().After(r.hop.Until):
		return refuse(codes.LogUnavailable, "the request arrived after its deadline; nothing was done here")
	case !s.config.Peers.Decides():
		return refuse(codes.ShuttingDown, "this node is about to stop; nothing was done here")
	}
	if key := s.keyOf(r); s.config.Peers.Owner(key) != nil {
		s.config.Peers.Misplaced()
	}
	err := h(r)
	r.set(headerPosition, strconv.FormatUint(uint64(s.answeredPosition()), 10))
	return err
}

// keyOf returns the placement key of a request, "" if every node may answer it.
func (s *Server) keyOf(r *request) placement.Key {
	path := r.path()
	key := placement.KeyOfPath(r.method(), path)
	if key == "" {
		given, _ := r.key() // an invalid key is refused later
		return placement.KeyOfCreation(r.method(), path, given)
	}
	switch kind, id, _ := strings.Cut(string(key), "/"); kind {
	case events.WaitingRoomCategory:
		if r.method() == fiber.MethodGet && s.config.Peers.State() == peers.Serving &&
			s.config.Rooms.Follows(events.RoomID(id), r.segment("visitor")) {
			return "" // this node follows the room, so it can answer polls
		}
	case placement.BookingKind:
		booking, known, err := s.config.Views.Booking(id)
		if err != nil || !known {
			return "" // unknown here, so it can't be placed
		}
		return placement.OfPerformance(booking.PerformanceID)
	}
	return key
}

// singleCommandSuffixes are the ends of the paths whose POST is a single command. All others may take several
// steps, whose ids are derived from that of the request.
var singleCommandSuffixes = []string{"/reservations", "/entries", "/charges", "/visitors"}

// mintCommandID returns a new command id for a request that is forwarded. It is of the keyed form if the request
// may take several steps.
func (r *request) mintCommandID() string {
	path := r.path()
	several := strings.HasPrefix(path, "/v1/bookings/") || strings.HasPrefix(path, "/v1/performances/")
	if method := r.method(); !several && (method == fiber.MethodPost || method == fiber.MethodDelete) {
		several = true
		for _, suffix := range singleCommandSuffixes {
			several = several && !strings.HasSuffix(path, suffix)
		}
	}
	if several {
		return string(actors.NewKeyedCommandID())
	}
	return string(actors.NewCommandID())
}

// acceptFrames upgrades connections over which other nodes send their requests in frames.
func (s *Server) acceptFrames(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	if s.config.Peers == nil {
		return next
	}
	return func(c *fasthttp.RequestCtx) {
		if string(c.RequestURI()) != peers.HopsPath || !c.IsGet() {
			next(c)
			return
		}
		h, err := s.config.Peers.Secret().Open(string(c.Request.Header.Peek(peers.Header)), fasthttp.MethodGet,
			peers.HopsPath, nil)
		conn, pooled := c.Conn().(*connections.Conn)
		switch {
		case err != nil || time.Now().After(h.Until):
			c.SetStatusCode(fasthttp.StatusBadRequest)
		case !pooled || conn.Spare() || s.draining.Load():
			c.SetStatusCode(fasthttp.StatusServiceUnavailable)
		default:
			if s.frames.Upgrade(c, conn) {
				conn.MarkUpgraded()
			}
		}
	}
}

// answerHeartbeats answers the heartbeats of other nodes.
func (s *Server) answerHeartbeats(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	if s.config.Peers == nil {
		return next
	}
	return func(c *fasthttp.RequestCtx) {
		if string(c.RequestURI()) != peers.HeartbeatPath || !c.IsGet() {
			next(c)
			return
		}
		if _, err := s.config.Peers.Secret().Open(string(c.Request.Header.Peek(peers.Header)), fasthttp.MethodGet,
			peers.HeartbeatPath, nil); err != nil {
			c.SetStatusCode(fasthttp.StatusBadRequest)
			return
		}
		c.SetBodyString(s.config.Peers.Heartbeat())
	}
}
