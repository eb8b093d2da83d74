package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"
)

var errBodyTooLarge = refuse("body_too_large", "a body may have 64 KiB")

// decode reads the body into the struct v. An empty body is an empty object where
// optional says so. Nothing is unpacked: a few bytes that unpack to gigabytes are
// not looked into.
func (r *request) decode(v any, optional bool) error {
	body := r.ctx.Request().Body()
	if len(body) == 0 && optional {
		return nil
	}
	if len(body) > maxBody {
		return errBodyTooLarge
	}
	header := &r.ctx.Request().Header
	kind, _, _ := bytes.Cut(header.ContentType(), []byte{';'})
	if !bytes.EqualFold(bytes.TrimSpace(kind), []byte(fiber.MIMEApplicationJSON)) {
		return refuse("unsupported_media_type", "send application/json")
	}
	if coding := header.Peek(fiber.HeaderContentEncoding); len(coding) > 0 && !bytes.EqualFold(coding, []byte("identity")) {
		return refuse("unsupported_media_type", "send the body as it is, without a Content-Encoding")
	}
	return decodeStrict(body, v)
}

// decodeStrict reads an object, strictly: names are case-sensitive and known, given
// once, none is null, and the text is UTF-8. What v keeps is copied.
func decodeStrict(text []byte, v any) error {
	if err := json.Unmarshal(text, v, json.RejectUnknownMembers(true)); err != nil {
		return problemOfJSON(err)
	}
	if bytes.Contains(text, []byte("null")) {
		return refuseNull(text)
	}
	return nil
}

// refuseNull refuses a null anywhere: the decoder takes it for "not given", and who
// sends it may mean "no limit" or "none".
func refuseNull(text []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return problemOfJSON(err)
		}
		if token.Kind() == 'n' {
			return invalidField(fieldOf(dec.StackPointer()), "null is no value here; leave the field out")
		}
	}
}

func fieldOf(pointer jsontext.Pointer) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(pointer), "/"), "/", ".")
}

func problemOfJSON(err error) error {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return refuse("malformed_json", "a field is given twice")
	case errors.As(err, &syntax):
		return refuse("malformed_json", fmt.Sprintf("the body is not valid JSON, from byte %d on", syntax.ByteOffset))
	case !errors.As(err, &semantic):
		return refuse("malformed_json", "the body is not valid JSON")
	}
	field := fieldOf(semantic.JSONPointer)
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return &problem{code: "unknown_field", detail: "the field is not known here", fields: map[string]any{"field": field}}
	case field == "":
		return invalidField("", "the body is a JSON object")
	}
	return invalidField(field, "the value has the wrong type or size")
}
