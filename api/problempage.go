package api

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/api/web"
)

// answerProblem answers with a problem document or, for a browser, with a page.
func (r *request) answerProblem(p *problem) error {
	if err := p.write(r.ctx, r.id); err != nil || !acceptsHTML(r.ctx) {
		return err
	}
	r.ctx.Vary(fiber.HeaderAccept)
	if r.ctx.Accepts("application/problem+json", fiber.MIMEApplicationJSON, fiber.MIMETextHTML) != fiber.MIMETextHTML {
		return nil
	}
	status := r.ctx.Response().StatusCode()
	return withSecurityHeaders(func(r *request) error {
		return r.html(func(body io.Writer) error {
			return web.WriteProblem(body, r.frame(), r.ctx.Path(), problemInWords(p, status), r.id)
		})
	})(r)
}

// programPaths are the paths outside /v1/ that only programs request.
var programPaths = []string{"/healthz", "/readyz", "/metrics", "/ws", "/openapi.yaml", "/asyncapi.yaml"}

// acceptsHTML reports whether people may open the path of a request in a browser. Only programs and pages request the
// others.
func acceptsHTML(c *fiber.Ctx) bool {
	path := c.Path()
	return !strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/assets/") &&
		!strings.HasPrefix(path, "/ws/") && !strings.HasPrefix(path, "/client/") &&
		!slices.Contains(programPaths, path)
}

// problemInWords returns the title and the text of the page that shows a problem.
func problemInWords(p *problem, status int) web.Problem {
	words := web.Problem{Status: status, Title: "This address can’t be understood", Detail: p.detail}
	resource := p.fields.Resource()
	switch {
	case status == http.StatusNotFound:
		words.Title = "There is nothing at this address"
		words.Detail = "It may be mistyped, or the page no longer exists."
		if resource != "" && resource != "route" {
			words.Title = "There is no such " + strings.ReplaceAll(resource, "_", " ")
		}
	case status == http.StatusMethodNotAllowed:
		words.Title, words.Detail = "This address is only for reading", "Nothing can be sent to it."
	case p.code == codes.Internal:
		words.Title = "The page can’t be shown"
	case status >= http.StatusInternalServerError || status == http.StatusTooManyRequests:
		words.Title, words.Again = "The page can’t be shown at the moment", true
		words.Detail = "The server is busy or restarting. Try again in a moment."
	}
	return words
}
