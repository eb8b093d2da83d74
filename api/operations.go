package api

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"admitone/actors/admission"
	"admitone/api/codes"
	"admitone/events"
)

func (s *Server) operationRoutes() {
	s.handleOn(s.operations, fiber.MethodGet, "/healthz", s.healthz)
	s.handleOn(s.operations, fiber.MethodGet, "/readyz", s.readyz)
	scrape := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(s.config.Metrics, promhttp.HandlerOpts{}))
	s.handleOn(s.operations, fiber.MethodGet, "/metrics", func(r *request) error {
		scrape(r.ctx.Context())
		return nil
	})
}

// healthz answers 200, or 503 if the views have stopped for good and the process should be restarted.
func (s *Server) healthz(r *request) error {
	if err := s.config.Views.Healthy(); err != nil {
		r.log().Error("the views have stopped", "error", err)
		return refuse(codes.LogUnavailable, "the read side has stopped; see the server's log, and run admitone verify")
	}
	return r.value(fiber.StatusOK, map[string]string{"status": "ok"})
}

// readyz answers 200 if the server can take traffic, and otherwise 503 with the reason.
func (s *Server) readyz(r *request) error {
	if s.draining.Load() {
		return &problem{code: codes.Draining, detail: "this server is about to stop; send new requests to another one",
			fields: map[string]any{"reason": "draining"}}
	}
	if err := s.checkNode(); err != nil {
		return err
	}
	if auth, ok := s.config.Auth.(interface{ ready() bool }); ok && !auth.ready() {
		return refuse(codes.KeysUnavailable, "the token issuer's keys are not available yet")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	lag, err := s.config.Views.Lag(ctx)
	if err != nil {
		return err
	}
	if err := s.healthz(r); err != nil {
		return err
	}
	if err := s.checkDamage(); err != nil {
		return err
	}
	if err := s.checkMonitor(r); err != nil {
		return err
	}
	if !s.config.Views.Ready() || lag > s.config.MaxLag {
		return refuse(codes.ProjectionBehind, "the read side is catching up with the log")
	}
	ready := map[string]any{
		"status":   "ready",
		"lag":      lag,
		"position": s.config.Views.Position(),
		"epoch":    s.config.Store.Epoch(),
	}
	if ready["currency"] = s.config.Currency.Code; s.config.Currency.Assumed {
		ready["currency"] = "assumed"
	} else {
		ready["currency_digits"] = s.config.Currency.Digits
	}
	if s.config.Monitor != nil {
		ready["proved"] = s.config.Monitor.Position()
	}
	s.readyKeys(ready)
	return r.value(fiber.StatusOK, ready)
}

// noteDamage remembers the first error that reports damage of the log.
func (s *Server) noteDamage(err error) {
	if errors.Is(err, events.ErrDamaged) {
		s.damage.CompareAndSwap(nil, &err)
	}
}

// checkDamage returns a problem if a request or a check in the background has found the log damaged since the start.
// The intact parts are still served, but the server is not ready.
func (s *Server) checkDamage() error {
	var err error
	if first := s.damage.Load(); first != nil {
		err = *first
	} else if log, ok := s.config.Store.(interface{ Damage() error }); ok {
		err = log.Damage()
	}
	if err == nil {
		return nil
	}
	s.config.Logger.Error("the log is damaged", "error", err)
	return refuse(codes.LogUnavailable,
		"the log is damaged; see the server's log, run admitone verify, and restore a backup")
}

// readyKeys adds a member to ready if this server's keys for passes differ from the log's. The server is still ready,
// because everything except waiting rooms works.
func (s *Server) readyKeys(ready map[string]any) {
	if s.config.Rooms == nil {
		return
	}
	switch s.config.Rooms.KeyState() {
	case admission.KeysDiffer:
		ready["keys_differ"] = true
	case admission.KeysBehind:
		ready["keys_behind"] = true
	}
}

// checkMonitor returns a problem if the monitor has found a violation in the log. Only callers who may read the log
// see the details, because the name of a stream may contain a holder.
func (s *Server) checkMonitor(r *request) error {
	if s.config.Monitor == nil {
		return nil
	}
	broken := s.config.Monitor.Violation()
	if broken == nil {
		return nil
	}
	if r.caller.requireRole(RoleAuditor, RoleAdmin) != nil {
		return &problem{code: codes.LogUnavailable, detail: "the log breaks a rule; an auditor can see where",
			fields: map[string]any{"violation": map[string]any{"position": broken.Position, "rule": broken.Rule}}}
	}
	return &problem{code: codes.LogUnavailable,
		detail: "the log breaks a rule: " + broken.Error(), fields: map[string]any{"violation": map[string]any{
			"position": broken.Position, "stream": broken.Stream, "revision": broken.Revision,
			"rule": broken.Rule, "detail": broken.Detail}}}
}

// staticFile returns the handler of a static file, with an ETag for cheap revalidation.
func staticFile(body []byte, mediaType string) handler {
	body = endLine(body)
	tag := contentETag(body)
	return func(r *request) error {
		if !r.revalidated(tag) {
			setText(r.ctx.Response(), mediaType, body)
		}
		return nil
	}
}

// revalidated sets the ETag of a file that browsers must revalidate. If the browser has this version, revalidated
// answers 304 and returns true.
func (r *request) revalidated(tag string) bool {
	r.ctx.Set(fiber.HeaderETag, tag)
	r.ctx.Set(fiber.HeaderCacheControl, "no-cache")
	if r.ctx.Get(fiber.HeaderIfNoneMatch) != tag {
		return false
	}
	r.ctx.Status(fiber.StatusNotModified)
	return true
}
