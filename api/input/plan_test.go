package input

import (
	"errors"
	"strings"
	"testing"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

const tinyPlan = `{"name":"Tiny","size":{"width":10,"height":10.0},"categories":[{"name":"C","color":"#00ff00"}],"zones":[
	{"name":"A","position":{"x":1,"y":2},"rows":[{"row_number":"1","row_label":null,"row_guid":"r","seats":[
	{"seat_guid":"a","seat_number":"1","start_direction":null,"position":{"x":0.5,"y":0},"category":"C"}]}]}]}`

func TestDecodePlan(t *testing.T) {
	of := Part{Name: "the body", Shape: "a JSON object"}
	if _, hall, err := DecodePlan([]byte("\xef\xbb\xbf"+tinyPlan), of); err != nil || hall.Seats() != 1 || hall.Name(0) != "A-1-1" {
		t.Fatalf("DecodePlan = %v, %v; want one seat A-1-1", hall, err)
	}
	// Omitted positions are written, so the stored plan has more objects than the one sent.
	wide := strings.Replace(tinyPlan, `"rows":`, `"areas":[{}`+strings.Repeat(`,{}`, events.MaxPlanObjects-100)+`],"rows":`, 1)
	plan, _, err := DecodePlan([]byte(wide), of)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.ParsePlan(events.AppendPlan(nil, plan, events.PlanComplete)); err != nil {
		t.Errorf("ParsePlan of the stored plan: error %v, want none", err)
	}
	change := func(from, to string) string {
		if !strings.Contains(tinyPlan, from) {
			t.Fatalf("the plan has no %s", from)
		}
		return strings.Replace(tinyPlan, from, to, 1)
	}
	for text, want := range map[string]struct {
		code          core.Code
		field, detail string
	}{
		`[]`:        {core.CodeInvalidField, "", "JSON object"},
		`{"zones":`: {codes.MalformedJSON, "", "not valid"},
		change(`"name":"A"`, `"name":"A","name":"B"`):                          {codes.MalformedJSON, "", "twice"},
		change(`"seat_number":"1"`, `"seat_nr":"1"`):                           {codes.UnknownField, "zones.0.rows.0.seats.0.seat_nr", "known"},
		change(`"seat_number":"1"`, `"seat_number":1`):                         {core.CodeInvalidField, "zones.0.rows.0.seats.0.seat_number", "type"},
		change(`"seat_number":"1"`, `"seat_number":null`):                      {core.CodeInvalidField, "zones.0.rows.0.seats.0.seat_number", "null"},
		change(`"category":"C"`, `"category":"D"`):                             {core.CodeInvalidField, "zones.0.rows.0.seats.0.category", `"D"`},
		change(`"seat_number":"1"`, `"seat_number":"1\u0000"`):                 {core.CodeInvalidField, "zones.0.rows.0.seats.0", "control"},
		change(`"category":"C"`, `"category":"`+strings.Repeat("ü", 1000)+`"`): {core.CodeInvalidField, "zones.0.rows.0.seats.0.category", "ü…"},
		change(`0.5`, `1e400`):                                                 {core.CodeInvalidField, "zones.0.rows.0.seats.0.position.x", "type or size"},
		`{"zones":[` + strings.Repeat(`{},`, 400_001) + `]}`:                   {core.CodeInvalidField, "", "400000 objects"},
		change(`"seats":[`, `"seats":[`+strings.Repeat("null,", 400_001)):      {core.CodeInvalidField, "", "400000 objects"},
		change(`"seats":[`, `"seats":[null,`):                                  {core.CodeInvalidField, "zones.0.rows.0.seats.0", "null"},
		change(`0.5`, `1e308`):                                                 {core.CodeInvalidField, "zones.0.rows.0.seats.0.position", "coordinates"},
		change(`0.5`, `Infinity`):                                              {codes.MalformedJSON, "", "from byte"},
		change(`0.5`, `NaN`):                                                   {codes.MalformedJSON, "", "from byte"},
		strings.Repeat("[", 100_000):                                           {codes.MalformedJSON, "", "nests deeper"},
	} {
		_, _, err := DecodePlan([]byte(text), of)
		refusal := &core.Refusal{}
		if !errors.As(err, &refusal) || refusal.Code != want.code || refusal.Fields.Field() != want.field ||
			!strings.Contains(refusal.Detail, want.detail) {
			t.Errorf("%.60s: %v, field %q; want %+v", text, err, refusal.Fields.Field(), want)
		}
	}
}
