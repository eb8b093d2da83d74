package events

import (
	"encoding/binary"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// plain reads JSON as this package writes it: members in their order, nothing
// between them. Anything else, an escape too, is left to encoding/json, so that the
// two need only agree on what both accept. It is five times as fast, and whoever
// reads a whole log does little else.
type plain struct {
	text []byte
	at   int
}

// skip moves behind s, if it is what comes next.
func (p *plain) skip(s string) bool {
	if len(p.text)-p.at < len(s) || string(p.text[p.at:p.at+len(s)]) != s {
		return false
	}
	p.at += len(s)
	return true
}

// quoted returns what stands between the next two quotes, if it needs no unescaping.
func (p *plain) quoted() ([]byte, bool) {
	if !p.skip(`"`) {
		return nil, false
	}
	ascii := true
	for i := p.at; i < len(p.text); i++ {
		for i+8 <= len(p.text) && allPlain(binary.LittleEndian.Uint64(p.text[i:])) {
			i += 8
		}
		if i == len(p.text) {
			break
		}
		switch c := p.text[i]; {
		case c == '"':
			s := p.text[p.at:i]
			p.at = i + 1
			return s, ascii || utf8.Valid(s)
		case c < 0x20 || c == '\\':
			return nil, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, false
}

// allPlain says whether all eight bytes are ASCII, printable, and neither a quote
// nor a backslash: of each of these a byte has its highest bit set below.
func allPlain(b uint64) bool {
	const each, top = 0x0101010101010101, 0x8080808080808080
	quote, backslash := b^(each*'"'), b^(each*'\\')
	return (b|(b-each*0x20)|(quote-each)|(backslash-each))&top == 0
}

// integer reads a number of at most 18 digits, which fits 64 bits for certain.
func (p *plain) integer() (n int64, ok bool) {
	negative := p.skip("-")
	first := p.at
	for p.at < len(p.text) && p.text[p.at]-'0' <= 9 {
		n = 10*n + int64(p.text[p.at]-'0')
		p.at++
	}
	digits := p.at - first
	if digits == 0 || digits > 18 || digits > 1 && p.text[first] == '0' {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

func (p *plain) time(t *time.Time) bool {
	s, ok := p.quoted()
	return ok && t.UnmarshalText(s) == nil
}

// reading reads one value into v.
type reading func(p *plain, v reflect.Value) bool

// readingOf makes the reading of a type, nil if plain has none for it.
func readingOf(t reflect.Type) reading {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return func(p *plain, v reflect.Value) bool { return p.time(v.Addr().Interface().(*time.Time)) }
	case reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ UnmarshalJSON([]byte) error }]()):
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		return readString
	case reflect.Int64:
		return readInteger
	case reflect.Bool:
		return readBool
	case reflect.Slice:
		return readingOfSlice(t)
	case reflect.Struct:
		return readingOfStruct(t)
	}
	return nil
}

func readString(p *plain, v reflect.Value) bool {
	s, ok := p.quoted()
	if ok {
		v.SetString(string(s))
	}
	return ok
}

func readInteger(p *plain, v reflect.Value) bool {
	n, ok := p.integer()
	v.SetInt(n)
	return ok
}

func readBool(p *plain, v reflect.Value) bool {
	yes := p.skip("true")
	v.SetBool(yes)
	return yes || p.skip("false")
}

func readingOfSlice(t reflect.Type) reading {
	element := readingOf(t.Elem())
	if element == nil {
		return nil
	}
	return func(p *plain, v reflect.Value) bool {
		v.Set(reflect.MakeSlice(t, 0, 0))
		if !p.skip("[") {
			return false
		}
		for n := 0; !p.skip("]"); n++ {
			if n > 0 && !p.skip(",") {
				return false
			}
			v.Grow(1)
			v.SetLen(n + 1)
			if !element(p, v.Index(n)) {
				return false
			}
		}
		return true
	}
}

// member of a struct, found from it by index.
type member struct {
	name  string
	index []int
	read  reading
}

// membersOf lists the members of a struct in their order, those of the structs that
// it embeds among them. ok is false if plain has no reading for one, or one may be
// left out.
func membersOf(t reflect.Type, above []int) (all []member, ok bool) {
	for i := range t.NumField() {
		field, index := t.Field(i), append(slices.Clone(above), i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			inside, ok := membersOf(field.Type, index)
			if !ok {
				return nil, false
			}
			all = append(all, inside...)
			continue
		}
		read := readingOf(field.Type)
		if read == nil || name == "" || options != "" || !field.IsExported() {
			return nil, false
		}
		all = append(all, member{"," + strconv.Quote(name) + ":", index, read})
	}
	return all, true
}

// readingOfStruct wants every member that the struct has, in its order.
func readingOfStruct(t reflect.Type) reading {
	members, ok := membersOf(t, nil)
	if !ok {
		return nil
	}
	open := "{"
	if len(members) > 0 {
		open, members[0].name = "", "{"+members[0].name[1:]
	}
	return func(p *plain, v reflect.Value) bool {
		if !p.skip(open) {
			return false
		}
		for i := range members {
			if m := &members[i]; !p.skip(m.name) || !m.read(p, v.FieldByIndex(m.index)) {
				return false
			}
		}
		return p.skip("}")
	}
}

// metadata reads what Seal writes.
func (p *plain) metadata(member func(i int, value []byte)) (at time.Time, ok bool) {
	for i, name := range [...]string{`{"command_id":`, `,"correlation_id":`, `,"causation_id":`, `,"actor":`, `,"at":`, `,"hash":`} {
		if !p.skip(name) {
			return at, false
		}
		value, ok := p.quoted()
		if !ok || i == 4 && at.UnmarshalText(value) != nil {
			return at, false
		}
		if member != nil {
			member(i, value)
		}
	}
	return at, p.skip("}") && p.at == len(p.text)
}
