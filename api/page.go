package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/gofiber/fiber/v2"

	"admitone/api/web"
)

func (s *Server) pageRoutes() {
	s.handle(fiber.MethodGet, "/", secured(s.livePage))
	for _, asset := range web.Assets() {
		s.handle(fiber.MethodGet, asset.Path, secured(page(asset.Body, asset.Kind)))
	}
	s.handle(fiber.MethodGet, "/docs", secured(docs))
}

// secured adds what keeps a browser from doing with a page what it is not for.
func secured(h handler) handler {
	return func(r *request) error {
		r.ctx.Set(fiber.HeaderContentSecurityPolicy, web.Policy)
		r.ctx.Set(fiber.HeaderXContentTypeOptions, "nosniff")
		r.ctx.Set(fiber.HeaderReferrerPolicy, "no-referrer")
		return h(r)
	}
}

// livePage shows a page of products with their counts. It does not wait for the
// read side: the script is told what the page is too old for.
func (s *Server) livePage(r *request) error {
	limit, err := r.limit()
	if err != nil {
		return err
	}
	after, err := r.cursor()
	if err != nil {
		return err
	}
	products, next, err := s.config.Views.Products(after, limit)
	if err != nil {
		return err
	}
	_, open := s.config.Auth.(OpenAuth)
	p := web.Page{Products: products, First: after == "", Epoch: s.config.Store.Epoch(), Token: !open}
	if next != "" {
		p.Next = base64.RawURLEncoding.EncodeToString([]byte(next))
	}
	var body bytes.Buffer
	if err := p.Write(&body); err != nil {
		return err
	}
	return html(r, body.Bytes())
}

// docs shows the description of the API.
func docs(r *request) error {
	body, err := web.Docs()
	if err != nil {
		return err
	}
	return page(body, fiber.MIMETextHTMLCharsetUTF8)(r)
}

func html(r *request, body []byte) error {
	r.ctx.Set(fiber.HeaderCacheControl, "no-cache")
	r.ctx.Response().Header.SetContentType(fiber.MIMETextHTMLCharsetUTF8)
	r.ctx.Response().SetBodyRaw(body)
	return nil
}

func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}
