package events

import (
	"reflect"
	"strconv"
	"time"
	"unsafe"
)

// encoder appends the value at v as JSON. The encoder of a type is compiled once from its tags and
// allocates nothing. It differs from encoding/json in that a nil slice is an empty array, a time is
// in UTC, and only what JSON must escape is escaped.
//
// v points to a value of the type that the encoder was compiled for. Reading the fields by reflection
// would take twice the time.
type encoder func(dst []byte, v unsafe.Pointer) []byte

// EncoderOf compiles a JSON encoder for the struct T from its fields and their tags, as for a fact. It
// panics on types and options that facts do not use.
func EncoderOf[T any]() func(dst []byte, v *T) []byte {
	encode := structEncoder(reflect.TypeFor[T]())
	return func(dst []byte, v *T) []byte { return encode(dst, unsafe.Pointer(v)) }
}

// encoderOf panics on a type that facts do not use.
func encoderOf(t reflect.Type) encoder {
	switch {
	case isTime(t):
		return func(dst []byte, v unsafe.Pointer) []byte { return appendTime(dst, *(*time.Time)(v)) }
	case t.Kind() == reflect.String:
		return func(dst []byte, v unsafe.Pointer) []byte { return AppendJSONString(dst, *(*string)(v)) }
	case t.Kind() == reflect.Int64:
		return func(dst []byte, v unsafe.Pointer) []byte { return strconv.AppendInt(dst, *(*int64)(v), 10) }
	case t.Kind() == reflect.Uint64:
		return func(dst []byte, v unsafe.Pointer) []byte { return strconv.AppendUint(dst, *(*uint64)(v), 10) }
	case t.Kind() == reflect.Bool:
		return func(dst []byte, v unsafe.Pointer) []byte { return strconv.AppendBool(dst, *(*bool)(v)) }
	case t.Kind() == reflect.Slice:
		return sliceEncoder(t)
	case t.Kind() == reflect.Struct:
		return structEncoder(t)
	}
	panicUnsupported(t)
	return nil
}

func sliceEncoder(t reflect.Type) encoder {
	encode := encoderOf(t.Elem())
	return func(dst []byte, v unsafe.Pointer) []byte {
		slice := reflect.NewAt(t, v).Elem()
		dst = append(dst, '[')
		for i := range slice.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = encode(dst, slice.Index(i).Addr().UnsafePointer())
		}
		return append(dst, ']')
	}
}

func structEncoder(t reflect.Type) encoder {
	type part struct {
		key    string
		offset uintptr
		encode encoder
		isZero func(unsafe.Pointer) bool // nil if the member is never omitted
	}
	var parts []part
	for _, m := range membersOf(t) {
		p := part{key: m.key, offset: offsetOf(t, m.index), encode: encoderOf(m.typ)}
		if m.optional {
			p.isZero = zeroTestOf(m.typ)
		}
		parts = append(parts, p)
	}
	return func(dst []byte, v unsafe.Pointer) []byte {
		start := len(dst)
		for i := range parts {
			p := &parts[i]
			field := unsafe.Add(v, p.offset)
			if p.isZero != nil && p.isZero(field) {
				continue
			}
			dst = p.encode(append(dst, p.key...), field)
		}
		if len(dst) == start {
			return append(dst, "{}"...)
		}
		dst[start] = '{' // in place of the first member's comma
		return append(dst, '}')
	}
}

// offsetOf returns the offset of a field of a struct, which may be one of an embedded struct.
func offsetOf(t reflect.Type, index []int) (offset uintptr) {
	for _, i := range index {
		field := t.Field(i)
		offset, t = offset+field.Offset, field.Type
	}
	return offset
}

// zeroTestOf returns the test for omitzero, which calls IsZero on a time.
func zeroTestOf(t reflect.Type) func(unsafe.Pointer) bool {
	switch {
	case isTime(t):
		return func(v unsafe.Pointer) bool { return (*time.Time)(v).IsZero() }
	case t.Kind() == reflect.String:
		return func(v unsafe.Pointer) bool { return *(*string)(v) == "" }
	case t.Kind() == reflect.Int64:
		return func(v unsafe.Pointer) bool { return *(*int64)(v) == 0 }
	}
	return func(v unsafe.Pointer) bool { return reflect.NewAt(t, v).Elem().IsZero() }
}
