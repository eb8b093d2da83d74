package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"admitone/events"
)

// mapOf returns the map of a plan, as a browser reads it.
func mapOf(t *testing.T, plan string) string {
	t.Helper()
	parsed, err := events.ParsePlan([]byte(plan))
	if err != nil {
		t.Fatal(err)
	}
	hall, err := parsed.Compile()
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(HallMap(hall)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHallMap(t *testing.T) {
	got := mapOf(t, `{"name":"Hall","size":{"width":400,"height":300},
		"categories":[{"name":"Stalls","color":"#2e7d5b"},{"name":"Balcony","color":"red"},{"name":"Floor","color":""}],
		"zones":[
		{"name":"Stalls left","zone_id":"S","position":{"x":100,"y":50},"rows":[
			{"row_number":"A","position":{"x":0,"y":0},"seats":[
				{"seat_guid":"1","seat_number":"1","position":{"x":0,"y":0},"category":"Stalls"},
				{"seat_guid":"2","seat_number":"2","position":{"x":20,"y":0},"category":"Stalls","restricted_view":true}]},
			{"row_number":"B","position":{"x":10,"y":40},"seats":[
				{"seat_guid":"3","seat_number":"1","position":{"x":0,"y":0},"category":"Balcony","accessible":true},
				{"seat_guid":"4","seat_number":"2","position":{"x":20,"y":0},"category":"Stalls","companion_of":"3",
					"restricted_view":true}]},
			{"row_number":"C","position":{"x":0,"y":80},"seats":[
				{"seat_guid":"5","seat_number":"1\"","position":{"x":0,"y":0},"category":"Stalls"}]}]},
		{"name":"Stage","position":{"x":100,"y":0},"rows":[],"areas":[
			{"position":{"x":0,"y":0},"shape":"rectangle","rotation":1.5,"rectangle":{"width":40,"height":20},
				"text":{"text":"Stage","position":{"x":20,"y":10}}},
			{"position":{"x":0,"y":0},"shape":"polygon","polygon":{"points":[{"x":0,"y":0},{"x":-20,"y":10}]}}]},
		{"name":"Floor","position":{"x":200,"y":0},"rows":[],"areas":[
			{"id":"floor","capacity":300,"category":"Floor","position":{"x":0,"y":20},"shape":"rectangle",
				"rectangle":{"width":60,"height":20}},
			{"id":"bar","capacity":20,"category":"Floor","position":{"x":0,"y":60},"shape":"circle","circle":{"radius":10},
				"text":{"text":"Bar","position":{"x":0,"y":0}}},
			{"position":{"x":0,"y":60},"shape":"ellipse","ellipse":{"radius":{"x":20,"y":10}}}]}]}`)
	// The corner of the drawing is at 80,0; a seat is 20 wide; the margin is 563.
	want := strings.Join([]string{
		`{"width":3430`, `"height":2790`,
		`"categories":[{"name":"Stalls","color":"#2e7d5b"},{"name":"Balcony","color":"#808080"}`,
		`{"name":"Floor","color":"#808080"}]`,
		`"numbers":[["1","2"],["1\""]]`,
		`"sections":[{"id":"S","name":"Stalls left","rows":[["A",0],["B",0],["C",1]]}]`,
		`"x":[819,256,-128,256,-384]`, `"y":[1203,0,512,0,512]`,
		`"kinds":[[2,0],[1,1],[2,0]]`, `"notes":[[1,0],[1,4],[1,1],[1,6],[1,0]]`,
		`"shapes":[{"shape":"rectangle","rotation":1.5,"x":819,"y":563,"width":512,"height":256,"rx":0,"ry":0,"points":[],` +
			`"label":{"text":"Stage","x":256,"y":128}}`,
		`{"shape":"polygon","rotation":0,"x":819,"y":563,"width":0,"height":0,"rx":0,"ry":0,"points":[[0,0],[-256,128]],` +
			`"label":{"text":"","x":0,"y":0}}`,
		`{"shape":"rectangle","rotation":0,"x":2099,"y":819,"width":768,"height":256,"rx":0,"ry":0,"points":[],` +
			`"label":{"text":"Floor","x":384,"y":128},"id":"floor","capacity":300,"category":2}`,
		`{"shape":"circle","rotation":0,"x":2099,"y":1331,"width":0,"height":0,"rx":128,"ry":128,"points":[],` +
			`"label":{"text":"Bar","x":0,"y":0},"id":"bar","capacity":20,"category":2}`,
		`{"shape":"ellipse","rotation":0,"x":2099,"y":1331,"width":0,"height":0,"rx":256,"ry":128,"points":[],` +
			`"label":{"text":"","x":0,"y":0}}]}`,
	}, ",")
	if got != want {
		t.Errorf("the map is\n%s\nwant\n%s", got, want)
	}
}

// TestHallMapOfPlaces: a hall without seats, and one whose seats are all at one point, are drawn
// with seats of the usual size; one that is far wider than its seats is not wider than a browser
// can draw, and has a margin in proportion.
func TestHallMapOfPlaces(t *testing.T) {
	const begin = `{"name":"Hall","size":{"width":400,"height":300},"categories":[{"name":"Floor","color":""}],
		"zones":[{"name":"Z",`
	seat := func(guid, x string) string {
		return `{"seat_guid":"` + guid + `","seat_number":"` + guid + `","position":{"x":` + x + `,"y":0},"category":"Floor"}`
	}
	for plan, want := range map[string]string{
		begin + `"rows":[],"areas":[{"id":"floor","capacity":1,"category":"Floor","shape":"rectangle",
			"rectangle":{"width":40,"height":20}}]}]}`: `{"width":1638,"height":1382,`,
		begin + `"rows":[{"row_number":"A","seats":[` + seat("1", "7") + `,` + seat("2", "7") +
			`]}]}]}`: `{"width":1126,"height":1126,`,
		begin + `"rows":[{"row_number":"A","seats":[` + seat("1", "0") + `,` + seat("2", "0.001") + `,` +
			seat("3", "10000000") + `]}]}]}`: `{"width":256000000,"height":9846154,`,
	} {
		if got := mapOf(t, plan); !strings.HasPrefix(got, want) {
			t.Errorf("%s\nis drawn as\n%.200s\nwant\n%s", plan, got, want)
		}
	}
}
