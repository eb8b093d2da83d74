package events

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// The functions below append JSON (RFC 8259). They allocate nothing besides the growth of the buffer, because
// every command writes facts. Tests compare their output with encoding/json.

// AppendJSONString appends s as a JSON string. Each byte that is not valid UTF-8 becomes U+FFFD, as in
// encoding/json.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscaped(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\ufffd"...)
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
}

// Object appends a JSON object to Buf, member by member. Only EscapedKey and EscapedString escape the name
// of a member; the other methods require a name that needs no escapes.
type Object struct {
	Buf        []byte
	hasMembers bool
}

// OpenObject begins an object at the end of dst.
func OpenObject(dst []byte) Object { return Object{Buf: append(dst, '{')} }

// ContinueObject reopens a closed object, which must have a member, to add more.
func ContinueObject(object []byte) Object {
	return Object{Buf: object[:len(object)-1], hasMembers: true}
}

// Key begins a member whose value the caller appends to Buf.
func (o *Object) Key(name string) {
	if o.hasMembers {
		o.Buf = append(o.Buf, ',')
	}
	o.hasMembers = true
	o.Buf = append(o.Buf, '"')
	o.Buf = append(o.Buf, name...)
	o.Buf = append(o.Buf, '"', ':')
}

// String adds a string.
func (o *Object) String(name, value string) {
	o.Key(name)
	o.Buf = AppendJSONString(o.Buf, value)
}

// EscapedString is String for a name that may need escapes.
func (o *Object) EscapedString(name, value string) {
	o.EscapedKey(name)
	o.Buf = AppendJSONString(o.Buf, value)
}

// EscapedKey is Key for a name that may need escapes.
func (o *Object) EscapedKey(name string) {
	if o.hasMembers {
		o.Buf = append(o.Buf, ',')
	}
	o.hasMembers = true
	o.Buf = append(AppendJSONString(o.Buf, name), ':')
}

// Int adds an integer.
func (o *Object) Int(name string, value int64) {
	o.Key(name)
	o.Buf = strconv.AppendInt(o.Buf, value, 10)
}

// Bool adds true or false.
func (o *Object) Bool(name string, value bool) {
	o.Key(name)
	o.Buf = strconv.AppendBool(o.Buf, value)
}

// Strings adds an array of strings to o; nil becomes an empty array.
func Strings[S ~string](o *Object, name string, values []S) {
	o.Key(name)
	o.Buf = append(o.Buf, '[')
	for i, value := range values {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = AppendJSONString(o.Buf, string(value))
	}
	o.Buf = append(o.Buf, ']')
}

// Time adds a time as RFC 3339 in UTC.
func (o *Object) Time(name string, value time.Time) {
	o.Key(name)
	o.Buf = appendTime(o.Buf, value)
}

func appendTime(dst []byte, t time.Time) []byte {
	dst = t.UTC().AppendFormat(append(dst, '"'), time.RFC3339Nano)
	return append(dst, '"')
}

// Raw adds a value that is already JSON.
func (o *Object) Raw(name string, value []byte) {
	o.Key(name)
	o.Buf = append(o.Buf, value...)
}

// Close ends the object and returns Buf.
func (o *Object) Close() []byte { return append(o.Buf, '}') }
