package api

import (
	"context"
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"admitone/actors/admission"
	"admitone/api/peers"
	"admitone/events"
)

// acceptVisitorHeartbeats accepts the heartbeats of visitors that other nodes have received.
func (s *Server) acceptVisitorHeartbeats(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	if s.config.Peers == nil || s.config.Rooms == nil {
		return next
	}
	return func(c *fasthttp.RequestCtx) {
		if string(c.Path()) != peers.VisitorHeartbeatsPath || !c.IsPost() {
			next(c)
			return
		}
		c.SetStatusCode(s.recordVisitorHeartbeats(c))
	}
}

// recordVisitorHeartbeats records the heartbeats in the body of a request, and returns the status of the answer.
func (s *Server) recordVisitorHeartbeats(c *fasthttp.RequestCtx) int {
	if size := c.Request.Header.ContentLength(); size < 0 || size > admission.MaxHeartbeatMessage {
		return fasthttp.StatusBadRequest
	}
	body := c.Request.Body()
	h, err := s.config.Peers.Secret().Open(string(c.Request.Header.Peek(peers.Header)), fasthttp.MethodPost,
		string(c.RequestURI()), body)
	if err != nil || time.Now().After(h.Until) {
		return fasthttp.StatusBadRequest
	}
	ctx, cancel := context.WithDeadline(context.Background(), h.Until)
	defer cancel()
	err = s.config.Rooms.ReceiveHeartbeats(ctx, events.RoomID(c.QueryArgs().Peek(peers.VisitorHeartbeatsRoom)), body)
	switch {
	case err == nil:
		return fasthttp.StatusNoContent
	case errors.Is(err, admission.ErrRunsElsewhere):
		return fasthttp.StatusConflict
	case errors.Is(err, admission.ErrMalformedHeartbeats):
		return fasthttp.StatusBadRequest
	}
	return fasthttp.StatusServiceUnavailable
}
