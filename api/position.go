package api

import "bytes"

// positionMember is the encoded name of a log position's member.
var positionMember = []byte(`"position":`)

// maxNested bounds the nested positions that are skipped: in as_of, and in the last item of a list.
const maxNested = 2

// positionIn returns the digits of an encoded object's own position, nil if it has none. Objects have it near their
// end.
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

// endsObject reports whether the object that contains rest ends exactly at the end of rest, so that no outer object
// follows.
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
