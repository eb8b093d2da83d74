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

// Part describes a text to the client that sent it, for the details of refusals.
type Part struct {
	Name  string // such as "the body"
	Shape string // such as "a JSON object"
}

// Decode decodes text into v, strictly: names are case-sensitive, unknown and duplicate names are
// refused, only the fields named in nullable may be null, and the text must be UTF-8. An integer may be
// written in any notation of its value, such as 1.0 or 1e0. Nesting is limited to
// [events.MaxJSONDepth]. v shares no memory with text.
//
// Errors: a [*core.Refusal] with [codes.MalformedJSON], [codes.UnknownField] or
// [core.CodeInvalidField].
func Decode(text []byte, v any, of Part, nullable ...string) error {
	if err := DecodeNulls(text, v, of); err != nil {
		return err
	}
	return refuseNulls(text, of, func(field string) bool { return slices.Contains(nullable, field) })
}

// DecodeNulls is Decode without the check for null values: the types in v accept or refuse them.
func DecodeNulls(text []byte, v any, of Part) error {
	if events.JSONTooDeep(text) {
		return malformed(fmt.Sprintf("%s nests deeper than %d levels", of.Name, events.MaxJSONDepth))
	}
	err := json.Unmarshal(text, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	if semantic := (*json.SemanticError)(nil); errors.As(err, &semantic) && semantic.JSONKind == '0' {
		// It may be an integer written as 1.0 or 1e0, as some languages do.
		if plain, bad := events.CanonicalJSON(text); bad == nil {
			err = json.Unmarshal(plain, v, json.RejectUnknownMembers(true))
		} else if bad = json.Unmarshal(text, new(jsontext.Value)); bad != nil {
			err = bad // a syntax error after the number
		}
	}
	if err != nil {
		return refusalOf(err, of)
	}
	return nil
}

// refuseNulls refuses null in any field that is not nullable. The decoder treats null as an absent
// member, but a client may mean "no limit" or "none" by it.
func refuseNulls(text []byte, of Part, nullable func(field string) bool) error {
	if !bytes.Contains(text, []byte("null")) {
		return nil
	}
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
			if nullable(field) {
				continue
			}
			if field == "" {
				return invalid("", of.Name+" is "+of.Shape)
			}
			return invalid(field, "null is not allowed here; omit the field")
		}
	}
}

func fieldOf(pointer jsontext.Pointer) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(pointer), "/"), "/", ".")
}

// refusalOf converts an error of the decoder to a refusal.
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
			Detail: "unknown field", Fields: core.Fields{"field": field}}
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
