package api

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/api/input"
)

var errBodyTooLarge = refuse(codes.BodyTooLarge, "a body may have 64 KiB")

// theBody describes a body in refusals.
var theBody = input.Part{Name: "the body", Shape: "a JSON object"}

// decode decodes the body into v, strictly; see [input.Decode]. If optional, an empty body counts as an
// empty object. Only the nullable fields may be null. Error: a [*core.Refusal].
func (r *request) decode(v any, optional bool, nullable ...string) error {
	body := r.body()
	if len(body) == 0 && optional {
		return nil
	}
	if len(body) > maxBody {
		large := r.largeBody()
		if large == nil {
			return errBodyTooLarge
		}
		if len(body) > large.max {
			return large.tooMuch
		}
	}
	if err := r.sendsJSON(); err != nil {
		return err
	}
	return input.Decode(body, v, theBody, nullable...)
}

// largeBody returns the limit of the request's route, nil if that is maxBody.
func (r *request) largeBody() *largeBody {
	if r.command != nil {
		return nil
	}
	return largeOf(&r.ctx.Request().Header)
}

// sendsJSON refuses a request whose headers declare other content than JSON. Compressed bodies are
// refused too, because a few bytes could expand to gigabytes.
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
		return refuse(codes.UnsupportedMediaType, "send the body without a Content-Encoding")
	}
	return nil
}
