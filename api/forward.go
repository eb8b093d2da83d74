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

// hop is a request that another node may decide too: it was forwarded to this node, or this node has
// forwarded it and may have to decide it itself.
type hop struct {
	peers.Hop
	received bool
	commands int // number of ids returned by commandID
}

// commandID returns the id of the next command of the request. Every node derives the same ids in the same
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

// setForwarded marks a command that another node may decide too.
func (r *request) setForwarded(request *actors.Request) {
	if r.hop == nil {
		return
	}
	request.After, request.At, request.Until = &r.hop.After, r.hop.At, r.hop.Until
	if key, err := r.key(); err == nil && key == "" {
		request.Bounded = false // the node has created the id, even if it has the form of a keyed one
	}
}

// clock returns the time at which the credentials of a request are checked: the time at the node
// that received it first, or now.
func (r *request) clock() time.Time {
	if at := r.receivedAt(); !at.IsZero() {
		return at
	}
	return time.Now()
}

// receivedAt returns when the first node received a forwarded request, by that node's clock; zero for a
// request that was not forwarded.
func (r *request) receivedAt() time.Time {
	if r.hop == nil {
		return time.Time{}
	}
	return r.hop.Clock
}

// catchUp waits until this node has read the log up to its present head: the owner of an entity may have
// appended to it, and a refusal based on stale state would be wrong. Error: log_unavailable at until.
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
		case <-time.After(catchUpEvery):
		}
	}
	if err != nil {
		return refuse(codes.LogUnavailable, "the node that owns this does not answer, and the log can't be read in time")
	}
	return nil
}

// catchUpEvery is the interval at which catchUp checks its progress.
const catchUpEvery = 2 * time.Millisecond

// forwarded forwards a request to the node that owns its entity, if that is another one, and answers it
// with h otherwise; see package peers. Requests forwarded by other nodes are answered with h.
func (s *Server) forwarded(h handler) handler {
	if s.config.Peers == nil {
		return h
	}
	return func(r *request) error {
		if r.hop != nil {
			return s.answerHop(r, h)
		}
		until := r.begun.Add(AnswerLimit)
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
		if address, named, _ := r.callerNamed(); named {
			r.hop.Client = address
		}
		position, passed := owner.Pass(r.ctx.Context(), r.id, &r.hop.Hop)
		if passed {
			s.note(position)
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
		r.until = limit // of which the owner has used up a part
		return h(r)
	}
}

// readHop parses the header of a request that another node has forwarded. A forged header is refused.
func (r *request) readHop() error {
	header := r.ctx.Get(peers.Header)
	if header == "" || r.server.config.Peers == nil {
		return nil
	}
	h, err := r.server.config.Peers.Secret().Open(
		header,
		r.method(),
		string(r.ctx.Request().Header.RequestURI()),
		r.body(),
	)
	if err != nil {
		return refuse(codes.BadParameter, err.Error())
	}
	r.hop = &hop{Hop: *h, received: true}
	return nil
}

// answerHop answers a request that another node has forwarded. A header of the answer has the position
// that later reads there have to include.
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
	r.set(headerPosition, strconv.FormatUint(uint64(s.answered()), 10))
	return err
}

// keyOf returns the placement key of a request, "" if any node may answer it.
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
			return "" // a poll
		}
	case placement.BookingKind:
		booking, known, err := s.config.Views.Booking(id)
		if err != nil || !known {
			return "" // decide here
		}
		return placement.OfPerformance(booking.PerformanceID)
	}
	return key
}

// oneStep has the last segments of paths whose POST is a single command. All others may take several
// steps, whose ids are derived from a keyed id.
var oneStep = []string{"/reservations", "/entries", "/charges", "/visitors"}

// mintCommandID returns a new command id for the header of a forwarded request.
func (r *request) mintCommandID() string {
	path := r.path()
	several := strings.HasPrefix(path, "/v1/bookings/") || strings.HasPrefix(path, "/v1/performances/")
	if method := r.method(); !several && (method == fiber.MethodPost || method == fiber.MethodDelete) {
		several = true
		for _, end := range oneStep {
			several = several && !strings.HasSuffix(path, end)
		}
	}
	if several {
		return string(actors.NewKeyedCommandID())
	}
	return string(actors.NewCommandID())
}

// acceptFrames accepts connections over which other nodes send their requests in frames.
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
				conn.Upgraded()
			}
		}
	}
}

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
