package events

import "time"

func init() { addGolden(goldenCursor) }

// goldenCursor: every member is set to something other than its zero value.
var goldenCursor = map[string]Fact{
	"cursor.taken.v1": &CursorTaken{Term: 8, Node: "host-1:8080"},
	"cursor.moved.v1": &CursorMoved{Term: 8, Reached: 41, NextAt: moment.Add(time.Second),
		CursorFailure: CursorFailure{Failing: 42, Failures: 3, Since: moment, Error: "answered 500"}},
}
