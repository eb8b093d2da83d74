package api

import "bytes"

// positionMember is the encoded name of the member with a log position.
var positionMember = []byte(`"position":`)

// maxNested is the number of nested positions that may follow an object's own: one in as_of, and one in the last item
// of a list.
const maxNested = 2

// positionIn returns the digits of an encoded object's own position, nil if it has none. It searches from the end,
// because the position is one of the last members.
func positionIn(object []byte) []byte {
	before := object
	for range maxNested + 1 {
		at := bytes.LastIndex(before, positionMember)
		if at < 1 {
			return nil
		}
		before = object[:at]
		value := object[at+len(positionMember):]
		digits := 0
		for digits < len(value) && '0' <= value[digits] && value[digits] <= '9' {
			digits++
		}
		if isMember := before[at-1] == ',' || before[at-1] == '{'; isMember && digits > 0 && endsObject(value[digits:]) {
			return value[:digits]
		}
	}
	return nil
}

// endsObject reports whether the innermost object that is open before rest ends where rest ends. If so, that object is
// not nested.
func endsObject(rest []byte) bool {
	depth := 1
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			for i++; i < len(rest) && rest[i] != '"'; i++ {
				if rest[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return len(bytes.TrimSpace(rest[i+1:])) == 0
			}
		}
	}
	return false
}
