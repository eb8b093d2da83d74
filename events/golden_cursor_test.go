package events

import (
	"os"
	"testing"
	"time"
)

func init() {
	addGolden(goldenCursor)
	mark := []string{".CursorMark.Stream", ".CursorMark.Revision"}
	addedMembers["cursor.taken.v1"] = append([]string{".Log", ".Copied", ".Reached"}, mark...)
	addedMembers["cursor.moved.v1"] = mark
}

var goldenCursor = map[string]Fact{
	"cursor.taken.v1": &CursorTaken{Term: 8, Node: "host-1:8080"},
	"cursor.moved.v1": &CursorMoved{Term: 8, Reached: 41, NextAt: moment.Add(time.Second),
		CursorFailure: CursorFailure{Failing: 42, Failures: 3, Since: moment, Error: "answered 500"}},
}

// goldenMarks has facts of cursors with the added members.
var goldenMarks = map[string]Fact{
	"cursor.taken.v1": &CursorTaken{Term: 9, Node: "host-1:8080", Log: "0d3f", Copied: true, Reached: 37,
		CursorMark: CursorMark{Stream: "product-tshirt", Revision: 12}},
	"cursor.moved.v1": &CursorMoved{Term: 9, Reached: 39, NextAt: moment.Add(time.Second),
		CursorFailure: CursorFailure{Failing: 42, Failures: 3, Since: moment, Error: "answered 500"},
		CursorMark:    CursorMark{Stream: "product-tshirt", Revision: 14}},
}

// TestGoldenCursorMarks checks facts of cursors with the added members.
func TestGoldenCursorMarks(t *testing.T) {
	for name, fact := range goldenMarks {
		frozen, err := os.ReadFile("testdata/later/" + name + ".mark.json")
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, name, fact, frozen)
	}
}
