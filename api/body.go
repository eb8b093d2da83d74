package api

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/api/input"
)

var errBodyTooLarge = refuse(codes.BodyTooLarge, "a body may have 64 KiB")

// theBody is what [request.decode] reads.
var theBody = input.Part{Name: "the body", Shape: "a JSON object"}

// decode reads the body into the struct v. An empty body is an empty object if optional.
// The fields that are nullable may be null.
func (r *request) decode(v any, optional bool, nullable ...string) error {
	body := r.body()
	if len(body) == 0 && optional {
		return nil
	}
	if len(body) > maxBody {
		return errBodyTooLarge
	}
	if err := r.sendsJSON(); err != nil {
		return err
	}
	return input.Decode(body, v, theBody, nullable...)
}

// sendsJSON refuses a body that is not plain JSON by its header. A compressed body is refused, so
// that a few bytes can't expand to gigabytes.
func (r *request) sendsJSON() error {
	if r.command != nil {
		return nil
	}
	header := &r.ctx.Request().Header
	kind, _, _ := bytes.Cut(header.ContentType(), []byte{';'})
	if !bytes.EqualFold(bytes.TrimSpace(kind), []byte(fiber.MIMEApplicationJSON)) {
		return refuse(codes.UnsupportedMediaType, "send application/json")
	}
	if coding := header.Peek(fiber.HeaderContentEncoding); len(coding) > 0 &&
		!bytes.EqualFold(coding, []byte("identity")) {
		return refuse(codes.UnsupportedMediaType, "send the body as it is, without a Content-Encoding")
	}
	return nil
}
