package events

import (
	"encoding/binary"
	"reflect"
	"time"
	"unicode/utf8"
)

// fastReader reads JSON as this package writes it: members in order, no white space, no escapes.
// Everything else is left to encoding/json, so the two need only agree on what both accept. It is five
// times as fast; decoding is most of the cost of reading a log.
type fastReader struct {
	text []byte
	at   int
}

// skip advances past s if s comes next.
func (r *fastReader) skip(s string) bool {
	if len(r.text)-r.at < len(s) || string(r.text[r.at:r.at+len(s)]) != s {
		return false
	}
	r.at += len(s)
	return true
}

// quoted returns the contents of the next string if it needs no unescaping.
func (r *fastReader) quoted() ([]byte, bool) {
	if !r.skip(`"`) {
		return nil, false
	}
	ascii := true
	for i := r.at; i < len(r.text); i++ {
		for i+8 <= len(r.text) && allPlain(binary.LittleEndian.Uint64(r.text[i:])) {
			i += 8
		}
		if i == len(r.text) {
			break
		}
		switch c := r.text[i]; {
		case c == '"':
			s := r.text[r.at:i]
			r.at = i + 1
			return s, ascii || utf8.Valid(s)
		case c < 0x20 || c == '\\':
			return nil, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, false
}

// allPlain reports whether all eight bytes are ASCII, printable, and neither a quote nor a
// backslash: each of these conditions leaves the highest bit of a byte clear in the result below.
func allPlain(b uint64) bool {
	const each, top = 0x0101010101010101, 0x8080808080808080
	quote, backslash := b^(each*'"'), b^(each*'\\')
	return (b|(b-each*0x20)|(quote-each)|(backslash-each))&top == 0
}

// integer reads a number of at most 18 digits, which always fit 64 bits.
func (r *fastReader) integer() (n int64, ok bool) {
	negative := r.skip("-")
	first := r.at
	for r.at < len(r.text) && r.text[r.at]-'0' <= 9 {
		n = 10*n + int64(r.text[r.at]-'0')
		r.at++
	}
	digits := r.at - first
	if digits == 0 || digits > 18 || digits > 1 && r.text[first] == '0' {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

func (r *fastReader) time(t *time.Time) bool {
	s, ok := r.quoted()
	return ok && t.UnmarshalText(s) == nil
}

// decoder reads one value into v, and returns false for values that it leaves to encoding/json.
// The decoder of a type is compiled once.
type decoder func(r *fastReader, v reflect.Value) bool

// decoderOf panics on a type that facts do not use.
func decoderOf(t reflect.Type) decoder {
	switch {
	case isTime(t):
		return func(r *fastReader, v reflect.Value) bool { return r.time(timeOf(v)) }
	case t.Kind() == reflect.String:
		return decodeString
	case t.Kind() == reflect.Int64:
		return decodeInteger
	case t.Kind() == reflect.Uint64:
		return decodeUnsigned
	case t.Kind() == reflect.Bool:
		return decodeBool
	case t.Kind() == reflect.Slice:
		return sliceDecoder(t)
	case t.Kind() == reflect.Struct:
		return structDecoder(t)
	}
	panicUnsupported(t)
	return nil
}

func decodeString(r *fastReader, v reflect.Value) bool {
	s, ok := r.quoted()
	if ok {
		v.SetString(string(s))
	}
	return ok
}

func decodeInteger(r *fastReader, v reflect.Value) bool {
	n, ok := r.integer()
	v.SetInt(n)
	return ok
}

func decodeUnsigned(r *fastReader, v reflect.Value) bool {
	if r.at < len(r.text) && r.text[r.at] == '-' {
		return false // not even -0
	}
	n, ok := r.integer()
	if ok {
		v.SetUint(uint64(n))
	}
	return ok
}

func decodeBool(r *fastReader, v reflect.Value) bool {
	value := r.skip("true")
	v.SetBool(value)
	return value || r.skip("false")
}

func sliceDecoder(t reflect.Type) decoder {
	decode := decoderOf(t.Elem())
	return func(r *fastReader, v reflect.Value) bool {
		v.Set(reflect.MakeSlice(t, 0, 0))
		if !r.skip("[") {
			return false
		}
		for n := 0; !r.skip("]"); n++ {
			if n > 0 && !r.skip(",") {
				return false
			}
			v.Grow(1)
			v.SetLen(n + 1)
			if !decode(r, v.Index(n)) {
				return false
			}
		}
		return true
	}
}

// structDecoder returns a decoder that requires the members in order, except for absent optional ones.
func structDecoder(t reflect.Type) decoder {
	members := membersOf(t)
	decoders := make([]decoder, len(members))
	for i := range members {
		decoders[i] = decoderOf(members[i].typ)
	}
	open := "{"
	if len(members) > 0 {
		if members[0].optional {
			return optionalDecoder(members, decoders)
		}
		open, members[0].key = "", "{"+members[0].key[1:]
	}
	return func(r *fastReader, v reflect.Value) bool {
		if !r.skip(open) {
			return false
		}
		for i := range members {
			m := &members[i]
			if found := r.skip(m.key); !found && m.optional {
				continue
			} else if !found || !decoders[i](r, v.FieldByIndex(m.index)) {
				return false
			}
		}
		return r.skip("}")
	}
}

// optionalDecoder returns the decoder of a struct whose first member is optional: the comma is missing
// before the first member that is present.
func optionalDecoder(members []member, decoders []decoder) decoder {
	return func(r *fastReader, v reflect.Value) bool {
		if !r.skip("{") {
			return false
		}
		comma := 1
		for i := range members {
			m := &members[i]
			if found := r.skip(m.key[comma:]); !found && m.optional {
				continue
			} else if !found || !decoders[i](r, v.FieldByIndex(m.index)) {
				return false
			}
			comma = 0
		}
		return r.skip("}")
	}
}

// metadata reads the metadata that Seal writes, and passes the index and value of each member to member,
// which may be nil.
func (r *fastReader) metadata(member func(i int, value []byte)) (at time.Time, ok bool) {
	names := [...]string{`{"command_id":`, `,"correlation_id":`, `,"causation_id":`, `,"actor":`, `,"at":`, `,"hash":`}
	for i, name := range names {
		if !r.skip(name) {
			return at, false
		}
		value, ok := r.quoted()
		if !ok || i == 4 && at.UnmarshalText(value) != nil {
			return at, false
		}
		if member != nil {
			member(i, value)
		}
	}
	return at, r.skip("}") && r.at == len(r.text)
}
