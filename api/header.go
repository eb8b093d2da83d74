package api

import (
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Names of headers in the canonical form of fasthttp, for [setHeader] and PeekCanonical: looked up by any other form,
// a name is brought into this one first, and most requests use all of these.
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
