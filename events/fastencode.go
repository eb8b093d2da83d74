package events

import (
	"reflect"
	"strconv"
)

// encoder appends a value as JSON. The encoder of a type is compiled once from its tags and
// allocates nothing. It differs from encoding/json in that a nil slice is an empty array, a time is
// in UTC, and only what JSON must escape is escaped.
type encoder func(dst []byte, v reflect.Value) []byte

// EncoderOf compiles the JSON encoder of the struct T from the tags of its fields, in their order,
// as for facts. It panics on types and options that facts do not use.
func EncoderOf[T any]() func(dst []byte, v *T) []byte {
	encode := structEncoder(reflect.TypeFor[T]())
	return func(dst []byte, v *T) []byte { return encode(dst, reflect.ValueOf(v).Elem()) }
}

// encoderOf panics on a type that facts do not use. Values must be addressable.
func encoderOf(t reflect.Type) encoder {
	switch {
	case isTime(t):
		return func(dst []byte, v reflect.Value) []byte { return appendTime(dst, *timeOf(v)) }
	case t.Kind() == reflect.String:
		return func(dst []byte, v reflect.Value) []byte { return AppendJSONString(dst, v.String()) }
	case t.Kind() == reflect.Int64:
		return func(dst []byte, v reflect.Value) []byte { return strconv.AppendInt(dst, v.Int(), 10) }
	case t.Kind() == reflect.Uint64:
		return func(dst []byte, v reflect.Value) []byte { return strconv.AppendUint(dst, v.Uint(), 10) }
	case t.Kind() == reflect.Bool:
		return func(dst []byte, v reflect.Value) []byte { return strconv.AppendBool(dst, v.Bool()) }
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
	return func(dst []byte, v reflect.Value) []byte {
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = encode(dst, v.Index(i))
		}
		return append(dst, ']')
	}
}

func structEncoder(t reflect.Type) encoder {
	members := membersOf(t)
	encoders, zeros := make([]encoder, len(members)), make([]func(reflect.Value) bool, len(members))
	for i := range members {
		encoders[i] = encoderOf(members[i].typ)
		if members[i].optional {
			zeros[i] = zeroOf(members[i].typ)
		}
	}
	return func(dst []byte, v reflect.Value) []byte {
		start := len(dst)
		for i := range members {
			m := &members[i]
			field := v.FieldByIndex(m.index)
			if zeros[i] != nil && zeros[i](field) {
				continue
			}
			dst = encoders[i](append(dst, m.key...), field)
		}
		if len(dst) == start {
			return append(dst, "{}"...)
		}
		dst[start] = '{' // in place of the first member's comma
		return append(dst, '}')
	}
}

// zeroOf returns the condition of omitzero, which asks a time's own IsZero.
func zeroOf(t reflect.Type) func(reflect.Value) bool {
	switch {
	case isTime(t):
		return func(v reflect.Value) bool { return timeOf(v).IsZero() }
	case t.Kind() == reflect.String:
		return func(v reflect.Value) bool { return v.Len() == 0 }
	}
	return reflect.Value.IsZero
}
