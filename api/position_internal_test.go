package api

import "testing"

// TestPositionIn: the position of an object itself is found, and not one nested in it.
func TestPositionIn(t *testing.T) {
	for object, want := range map[string]string{
		`{}`:                               "",
		`{"position":7}`:                   "7",
		`{"a":1,"position":12,"b":"}\"{"}`: "12",
		`{"position":7,"as_of":{"position":3,"time":"t"}}`:             "7",
		`{"as_of":{"position":3}}`:                                     "",
		`{"items":[{"position":1},{"position":2}],"next":null}`:        "",
		`{"items":[{"position":1}],"next":null,"position":9}`:          "9",
		`{"name":"\"position\":5","revision":3}`:                       "",
		`{"name":",\"position\":5}","position":4,"revision":3}` + "\n": "4",
		`{"position":null}`:                                            "",
		`{"position":3`:                                                "",
		`[{"position":3}]`:                                             "",
		`{"log_position":3}`:                                           "",
		`{"a":{"position":3},"b":1}`:                                   "",
	} {
		if got := string(positionIn([]byte(object))); got != want {
			t.Errorf("%s: got %q, want %q", object, got, want)
		}
	}
}
