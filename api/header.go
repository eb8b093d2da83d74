package api

import (
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// The names of frequent headers in the canonical form of fasthttp, for [setHeader] and PeekCanonical. fasthttp's
// other functions convert names to this form at each call.
var (
	nameContentTypeOptions = []byte(fiber.HeaderXContentTypeOptions)
	nameETag               = []byte("Etag")
	nameLocation           = []byte(fiber.HeaderLocation)
	namePosition           = []byte(headerPosition)
	nameRequestID          = []byte(headerRequestID)
)

// setHeader sets a header of a response by its canonical name.
func setHeader(h *fasthttp.ResponseHeader, name []byte, value string) {
	h.SetCanonical(name, []byte(value))
}
