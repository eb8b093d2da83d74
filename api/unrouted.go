package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
)

// unroutedError answers a request that matches no route or could not be parsed.
func (s *Server) unroutedError(c *fiber.Ctx, err error) error {
	r := &request{ctx: c, server: s, id: requestID(c), start: time.Now()}
	c.Response().Header.Set(headerRequestID, r.id)
	p := problemOf(err, r.log)
	if to := redirectTarget(c); to != "" && p.code == core.CodeNotFound {
		err := c.Redirect(to, fiber.StatusPermanentRedirect)
		s.access.record(r, c.Response().StatusCode(), time.Since(r.start))
		return err
	}
	s.metrics.countProblem(p)
	if p.code == codes.BodyTooLarge {
		p = s.largeRefusal(c, p)
		drainBody(c.Context().Conn())
	}
	if p.code == codes.MethodNotAllowed && c.Method() == fiber.MethodOptions {
		c.Status(fiber.StatusNoContent) // Allow lists the methods
	} else if err := r.answerProblem(p); err != nil {
		return err
	}
	s.access.record(r, c.Response().StatusCode(), time.Since(r.start))
	return nil
}
