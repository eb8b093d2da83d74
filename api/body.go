package api

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/api/input"
)

var errBodyTooLarge = refuse(codes.BodyTooLarge, "a body may have at most 64 KiB")

// bodyPart describes the body in refusals.
var bodyPart = input.Part{Name: "the body", Shape: "a JSON object"}

// decode decodes the body into v strictly; see [input.Decode]. If optional is true, an empty body counts as
// an empty object. Only the nullable fields may be null. Error: a refusal.
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
			return large.tooLarge
		}
	}
	if err := r.sendsJSON(); err != nil {
		return err
	}
	return input.Decode(body, v, bodyPart, nullable...)
}

// largeBody returns the limit for bodies of the request's route, nil if that is maxBody.
func (r *request) largeBody() *largeBody {
	if r.command != nil {
		return nil
	}
	return largeBodyOf(&r.ctx.Request().Header)
}

// sendsJSON refuses a request whose headers declare content other than JSON. It refuses compressed bodies
// too, because a few bytes could expand to gigabytes.
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
