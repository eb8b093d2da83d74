package api

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// json answers with an encoded object, and sends its log position, if it has one, as a header too.
func (r *request) json(status int, body []byte) error {
	r.setPosition(body)
	return r.object(status, body)
}

// objectCapacity is the initial capacity for one encoded object, in bytes. Most objects fit.
const objectCapacity = 256

// encoded is json for the object that encode appends. encode appends to the buffer of the connection, which
// saves an allocation and a copy.
func (r *request) encoded(status int, encode func(dst []byte) []byte) error {
	if r.command != nil {
		return r.json(status, encode(make([]byte, 0, objectCapacity)))
	}
	response := r.ctx.Response()
	body := encode(slices.Grow(response.SwapBody(nil)[:0], objectCapacity))
	r.setPosition(body)
	response.SetStatusCode(status)
	response.Header.SetContentType(fiber.MIMEApplicationJSON)
	response.SwapBody(append(body, '\n'))
	return nil
}

// setPosition copies the log position of an encoded object to the position header.
func (r *request) setPosition(object []byte) {
	if position := positionIn(object); position != nil {
		r.setCanonical(namePosition, string(position))
	}
}

// object is json for an object without a log position. A member called position means something else.
func (r *request) object(status int, body []byte) error {
	if r.command != nil {
		r.command.status, r.command.body = status, body
		return nil
	}
	r.ctx.Status(status)
	setText(r.ctx.Response(), fiber.MIMEApplicationJSON, body)
	return nil
}

// maxCopiedBody is the largest body, in bytes, that is copied into the buffer of its connection.
const maxCopiedBody = 4 << 10

// setText sets the body of a response, ending it with a newline.
func setText(response *fasthttp.Response, mediaType string, text []byte) {
	response.Header.SetContentType(mediaType)
	if len(text) > maxCopiedBody || bytes.HasSuffix(text, []byte{'\n'}) {
		response.SetBodyRaw(endLine(text))
		return
	}
	response.SetBody(text)
	response.AppendBodyString("\n")
}

// endLine returns text with a newline at its end. It does not modify text, which may be shared.
func endLine(text []byte) []byte {
	if bytes.HasSuffix(text, []byte{'\n'}) {
		return text
	}
	return append(slices.Clip(text), '\n')
}

// value answers with v as JSON.
func (r *request) value(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.json(status, body)
}
