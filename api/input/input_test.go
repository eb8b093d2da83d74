package input

import (
	"errors"
	"strings"
	"testing"

	"admitone/actors/core"
	"admitone/api/codes"
)

// TestDecode: valid inputs are accepted, and others are refused with a code, a field and a detail.
func TestDecode(t *testing.T) {
	for text, want := range map[string]struct {
		code          core.Code
		field, detail string
	}{
		`{"name":"a","count":1}`:        {},
		`{"name":"a","count":1.0}`:      {},
		`{"count":1e0}`:                 {},
		`{}`:                            {},
		``:                              {codes.MalformedJSON, "", "the body is not valid JSON, from byte 0 on"},
		`{"name":`:                      {codes.MalformedJSON, "", "not valid JSON"},
		`{"name":"a"} x`:                {codes.MalformedJSON, "", "not valid JSON"},
		"{\"name\":\"\xff\"}":           {codes.MalformedJSON, "", "not valid JSON"},
		`{"name":"a","name":"b"}`:       {codes.MalformedJSON, "", "a field is given twice"},
		strings.Repeat("[", 100):        {codes.MalformedJSON, "", "the body nests deeper than 32 levels"},
		`{"Name":"a"}`:                  {codes.UnknownField, "Name", "unknown field"},
		`[]`:                            {core.CodeInvalidField, "", "the body is a JSON object"},
		`null`:                          {core.CodeInvalidField, "", "the body is a JSON object"},
		`{"name":null}`:                 {core.CodeInvalidField, "name", "null is not allowed here"},
		`{"inner":{"deep":null}}`:       {core.CodeInvalidField, "inner.deep", "null is not allowed here"},
		`{"count":1.5}`:                 {core.CodeInvalidField, "count", "wrong type or size"},
		`{"count":"1"}`:                 {core.CodeInvalidField, "count", "wrong type or size"},
		`{"count":92233720368547758e3}`: {core.CodeInvalidField, "count", "wrong type or size"},
	} {
		var v struct {
			Name  string         `json:"name"`
			Count int64          `json:"count"`
			Inner map[string]any `json:"inner"`
		}
		err := Decode([]byte(text), &v, Part{Name: "the body", Shape: "a JSON object"})
		refusal := &core.Refusal{}
		if err != nil && !errors.As(err, &refusal) {
			t.Errorf("Decode(%s): error %v, want a refusal", text, err)
		}
		if refusal.Code != want.code || refusal.Fields.Field() != want.field || !strings.Contains(refusal.Detail,
			want.detail) {
			t.Errorf("Decode(%s): %v, field %q; want %+v", text, err, refusal.Fields.Field(), want)
		}
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "A-z_09": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a b": false, "a/b": false, "a.b": false, "ä": false, "a\x00": false,
	} {
		if ValidID(id) != want {
			t.Errorf("ValidID(%q) = %v, want %v", id, !want, want)
		}
	}
}
