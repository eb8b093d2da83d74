package api

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// json answers with an encoded object. Its position is also sent as a header.
func (r *request) json(status int, body []byte) error {
	r.setPosition(body)
	return r.object(status, body)
}

// objectRoom is the initial capacity for one encoded object, in bytes. Most objects fit.
const objectRoom = 256

// encoded answers with the object that encode appends. It is encoded into the buffer of the connection, which
// saves an allocation and a copy.
func (r *request) encoded(status int, encode func(dst []byte) []byte) error {
	if r.command != nil {
		return r.json(status, encode(make([]byte, 0, objectRoom)))
	}
	response := r.ctx.Response()
	body := encode(slices.Grow(response.SwapBody(nil)[:0], objectRoom))
	r.setPosition(body)
	response.SetStatusCode(status)
	response.Header.SetContentType(fiber.MIMEApplicationJSON)
	response.SwapBody(append(body, '\n'))
	return nil
}

// setPosition copies the position of an encoded object to its header.
func (r *request) setPosition(object []byte) {
	if position := positionIn(object); position != nil {
		r.setCanonical(namePosition, string(position))
	}
}

// object answers with an encoded object whose position, if any, is not a log position.
func (r *request) object(status int, body []byte) error {
	if r.command != nil {
		r.command.status, r.command.body = status, body
		return nil
	}
	r.ctx.Status(status)
	setText(r.ctx.Response(), fiber.MIMEApplicationJSON, body)
	return nil
}

// copiedBody is the largest body, in bytes, that is copied into the buffer of its connection.
const copiedBody = 4 << 10

// setText sets the body of a response, and adds a newline if it has none at its end.
func setText(a *fasthttp.Response, mediaType string, text []byte) {
	a.Header.SetContentType(mediaType)
	if len(text) > copiedBody || bytes.HasSuffix(text, []byte{'\n'}) {
		a.SetBodyRaw(endLine(text))
		return
	}
	a.SetBody(text)
	a.AppendBodyString("\n")
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
