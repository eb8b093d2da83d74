package api

import (
	"bytes"
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

func (s *Server) operationRoutes() {
	s.handle(fiber.MethodGet, "/healthz", s.healthz)
	s.handle(fiber.MethodGet, "/readyz", s.readyz)
	scrape := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(s.config.Metrics, promhttp.HandlerOpts{}))
	s.handle(fiber.MethodGet, "/metrics", func(r *request) error {
		scrape(r.ctx.Context())
		return nil
	})
}

// healthz says that the process is alive and its views have not stopped for good;
// if not, it should be restarted.
func (s *Server) healthz(r *request) error {
	if err := s.config.Views.Healthy(); err != nil {
		r.log().Error("the views have stopped", "error", err)
		return refuse("log_unavailable", "the read side has stopped; see the server's log, and run admitone verify")
	}
	return r.value(fiber.StatusOK, map[string]string{"status": "ok"})
}

// readyz says that the server can take traffic now.
func (s *Server) readyz(r *request) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	lag, err := s.config.Views.Lag(ctx)
	if err != nil {
		return err
	}
	if err := s.healthz(r); err != nil {
		return err
	}
	if err := s.proved(); err != nil {
		return err
	}
	if !s.config.Views.Ready() || lag > s.config.MaxLag {
		return refuse("projection_behind", "the read side is catching up with the log")
	}
	ready := map[string]any{"status": "ready", "lag": lag, "position": s.config.Views.Position(), "epoch": s.config.Store.Epoch()}
	if s.config.Prover != nil {
		ready["proved"] = s.config.Prover.Position()
	}
	return r.value(fiber.StatusOK, ready)
}

// proved says that nobody has found the log to break a rule.
func (s *Server) proved() error {
	if s.config.Prover == nil {
		return nil
	}
	broken := s.config.Prover.Violation()
	if broken == nil {
		return nil
	}
	return &problem{code: "log_unavailable", detail: "the log breaks a rule: " + broken.Error(), fields: map[string]any{"violation": map[string]any{
		"position": broken.Position, "stream": broken.Stream, "revision": broken.Revision, "rule": broken.Rule, "detail": broken.Detail}}}
}

// page serves a file of the program, with a tag so that browsers ask again cheaply.
func page(body []byte, kind string) handler {
	tag := etagOf(body)
	return func(r *request) error {
		r.ctx.Set(fiber.HeaderETag, tag)
		r.ctx.Set(fiber.HeaderCacheControl, "no-cache")
		if bytes.Equal([]byte(r.ctx.Get(fiber.HeaderIfNoneMatch)), []byte(tag)) {
			r.ctx.Status(fiber.StatusNotModified)
			return nil
		}
		r.ctx.Response().Header.SetContentType(kind)
		r.ctx.Response().SetBodyRaw(body)
		return nil
	}
}
