package planfile

import (
	"bytes"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"admitone/actors/core"
	"admitone/api/input"
	"admitone/events"
)

// MaxBytes bounds the size of a file, and of the request body.
const MaxBytes = 32 << 20

// Fault is an error in a file.
type Fault struct {
	// Place is a path such as zones.0.rows.3.seats.7.category, or a line such as "line 7"; "" is the whole file.
	Place  string `json:"place,omitempty"`
	Detail string `json:"detail"`
}

// String returns place and detail in one printable line.
func (f Fault) String() string {
	if f.Place == "" {
		return printable(f.Detail)
	}
	return printable(f.Place) + ": " + printable(f.Detail)
}

// printable quotes a text with control characters, which a terminal could interpret.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToGraphic(s)
	}
	return s
}

// IsCSV reports whether a file is CSV, by the extension of its name, or else by its first character.
func IsCSV(name string, text []byte) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return true
	case ".json":
		return false
	}
	return !bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(text, byteOrderMark)), []byte("{"))
}

// byteOrderMark is allowed at the beginning of a file.
var byteOrderMark = []byte{0xef, 0xbb, 0xbf}

// tooLarge is the fault of a file or plan that exceeds [MaxBytes].
func tooLarge(what string) []Fault {
	return []Fault{{Detail: what + " is larger than 32 MiB"}}
}

// ReadJSON reads a seating plan. It reports the first fault only.
func ReadJSON(text []byte) (*events.SeatingPlan, *events.Hall, []Fault) {
	if len(text) > MaxBytes {
		return nil, nil, tooLarge("the file")
	}
	plan, hall, err := input.DecodePlan(text, input.Part{Name: "the file", Shape: "a JSON object"})
	switch {
	case err != nil:
		return nil, nil, []Fault{faultOf(err)}
	case plan.ID != "" && !input.ValidID(string(plan.ID)):
		return nil, nil, []Fault{{Place: "id", Detail: "1 to 64 of A-Z a-z 0-9 _ and -"}}
	}
	return plan, hall, nil
}

func faultOf(err error) Fault {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return Fault{Place: refusal.Fields.Field(), Detail: refusal.Detail}
	}
	return Fault{Detail: err.Error()}
}

// Body returns the request body that stores a plan under id. If id is "", the server assigns one.
func Body(plan *events.SeatingPlan, id events.PlanID) ([]byte, []Fault) {
	text := events.AppendPlan(nil, plan, events.PlanComplete)
	if id != "" {
		head := events.OpenObject(nil)
		head.String("id", string(id))
		text = append(append(head.Buf, ','), text[1:]...)
	}
	if len(text) > MaxBytes {
		return nil, tooLarge("the request body")
	}
	return text, nil
}
