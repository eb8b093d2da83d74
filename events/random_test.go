package events

import (
	"reflect"
	"time"

	"pgregory.net/rapid"
)

// factTypes returns the struct type of every current wire name, without names that are only upcast.
func factTypes() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for name, fact := range golden {
		if fact.Name() == name {
			types[name] = reflect.TypeOf(fact).Elem()
		}
	}
	return types
}

// drawFact returns a random fact of a struct type, with only those values that decode to themselves: strings
// are valid UTF-8 (see TestInvalidUTF8), times are in UTC and in the years that RFC 3339 can represent, and
// slices are not nil.
func drawFact(t *rapid.T, typ reflect.Type) Fact {
	v := reflect.New(typ)
	drawValue(t, v.Elem(), typ.Name())
	return v.Interface().(Fact)
}

func drawValue(t *rapid.T, v reflect.Value, label string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(drawTime(t, label)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			drawValue(t, v.Field(i), label+"."+v.Type().Field(i).Name)
		}
	case v.Kind() == reflect.Slice:
		n := rapid.IntRange(0, 4).Draw(t, label+" length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			drawValue(t, v.Index(i), label+"[]")
		}
	case v.Kind() == reflect.Pointer:
		if rapid.Bool().Draw(t, label+" set") {
			v.Set(reflect.New(v.Type().Elem()))
			drawValue(t, v.Elem(), label)
		}
	case v.Kind() == reflect.String:
		v.SetString(rapid.String().Draw(t, label))
	case v.Kind() == reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, label))
	case v.CanInt():
		n := rapid.Int64().Draw(t, label)
		v.SetInt(n >> (64 - v.Type().Bits()))
	case v.CanUint():
		n := rapid.Uint64().Draw(t, label)
		v.SetUint(n >> (64 - v.Type().Bits()))
	default:
		t.Fatalf("%s is a %s, which drawValue does not support", label, v.Type())
	}
}

// The first and the last second that RFC 3339 can represent in UTC.
var (
	firstSecond = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastSecond  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
)

func drawTime(t *rapid.T, label string) time.Time {
	seconds := rapid.Int64Range(firstSecond, lastSecond).Draw(t, label+" seconds")
	nanos := rapid.Int64Range(0, 999_999_999).Draw(t, label+" nanoseconds")
	return time.Unix(seconds, nanos).UTC()
}

// sameValue is reflect.DeepEqual, except that a nil and an empty slice are equal, as are times in different
// zones: JSON does not distinguish them.
func sameValue(a, b reflect.Value) bool {
	switch {
	case a.Type() != b.Type():
		return false
	case a.Type() == reflect.TypeFor[time.Time]():
		return a.Interface().(time.Time).Equal(b.Interface().(time.Time))
	case a.Kind() == reflect.Struct:
		for i := range a.NumField() {
			if !sameValue(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case a.Kind() == reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameValue(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case a.Kind() == reflect.Pointer && !a.IsNil() && !b.IsNil():
		return sameValue(a.Elem(), b.Elem())
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// writable reports whether RFC 3339 can represent every time of a fact in UTC. It can't for
// 0000-01-01T00:00:00+01:00, which is in the year -1 of UTC.
func writable(v reflect.Value) bool {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		seconds := v.Interface().(time.Time).Unix()
		return firstSecond <= seconds && seconds <= lastSecond
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if !writable(v.Field(i)) {
				return false
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if !writable(v.Index(i)) {
				return false
			}
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return writable(v.Elem())
	}
	return true
}
