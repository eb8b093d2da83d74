package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

// Part names what a text is to the client that sent it, for the details of refusals.
type Part struct {
	Name  string // such as "the body"
	Shape string // such as "a JSON object"
}

// Decode reads text into v, strictly: names are case-sensitive and known, each is given
// once, no value is null but those of fields that are nullable, and the text is UTF-8. A number is
// whole if its value is, in whatever notation; nothing nests deeper than [events.MaxJSONDepth].
// What v keeps is copied.
//
// Errors: a [*core.Refusal] with [codes.MalformedJSON], [codes.UnknownField] or
// [core.CodeInvalidField].
func Decode(text []byte, v any, of Part, nullable ...string) error {
	if err := DecodeNulls(text, v, of); err != nil {
		return err
	}
	if bytes.Contains(text, []byte("null")) {
		return refuseNull(text, of, nullable)
	}
	return nil
}

// DecodeNulls is Decode but for null values, which the types in v accept or refuse.
func DecodeNulls(text []byte, v any, of Part) error {
	if events.JSONTooDeep(text) {
		return malformed(fmt.Sprintf("%s nests deeper than %d levels", of.Name, events.MaxJSONDepth))
	}
	err := json.Unmarshal(text, v, json.RejectUnknownMembers(true))
	if semantic := (*json.SemanticError)(nil); errors.As(err, &semantic) && semantic.JSONKind == '0' {
		// It may be a whole number written as 1.0 or 1e0, as some languages do.
		if plain, bad := events.CanonicalJSON(text); bad == nil {
			err = json.Unmarshal(plain, v, json.RejectUnknownMembers(true))
		} else if bad = json.Unmarshal(text, new(jsontext.Value)); bad != nil {
			err = bad // the decoder stopped before it
		}
	}
	if err != nil {
		return refusalOf(err, of)
	}
	return nil
}

// refuseNull refuses a null anywhere but in nullable fields: the decoder takes it for an absent member, but a
// client may mean "no limit" or "none" by it.
func refuseNull(text []byte, of Part, nullable []string) error {
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return refusalOf(err, of)
		}
		if token.Kind() == 'n' {
			field := fieldOf(dec.StackPointer())
			if slices.Contains(nullable, field) {
				continue
			}
			if field == "" {
				return invalid("", of.Name+" is "+of.Shape)
			}
			return invalid(field, "null is no value here; leave the field out")
		}
	}
}

func fieldOf(pointer jsontext.Pointer) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(pointer), "/"), "/", ".")
}

// refusalOf translates an error of the decoder.
func refusalOf(err error, of Part) error {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return malformed("a field is given twice")
	case errors.As(err, &syntax):
		return malformed(fmt.Sprintf("%s is not valid JSON, from byte %d on", of.Name, syntax.ByteOffset))
	case !errors.As(err, &semantic):
		return malformed(of.Name + " is not valid JSON")
	}
	field := fieldOf(semantic.JSONPointer)
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return &core.Refusal{Code: codes.UnknownField,
			Detail: "the field is not known here", Fields: core.Fields{"field": field}}
	case field == "":
		return invalid("", of.Name+" is "+of.Shape)
	}
	return invalid(field, "the value has the wrong type or size")
}

func malformed(detail string) error {
	return &core.Refusal{Code: codes.MalformedJSON, Detail: detail}
}

func invalid(field, detail string) error {
	return &core.Refusal{Code: core.CodeInvalidField, Detail: detail, Fields: core.Fields{"field": field}}
}
