package events

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// member is one member of a JSON object, compiled from a struct's field and its tag.
type member struct {
	// key is the encoded name with a leading comma and a colon: ,"name":
	key   string
	index []int // for [reflect.Value.FieldByIndex]
	typ   reflect.Type
	// optional means that a zero value is omitted.
	optional bool
}

// membersOf lists the members of a struct in order, including those of embedded structs. It panics
// on a field without a name, and on an option that [optionsOf] does not list.
func membersOf(t reflect.Type, parents ...int) (all []member) {
	for i := range t.NumField() {
		field, index := t.Field(i), append(slices.Clone(parents), i)
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			all = append(all, membersOf(field.Type, index...)...)
			continue
		case name == "" || name == "-" || !field.IsExported():
			panic("events: the field " + t.Name() + "." + field.Name + " has no name in JSON")
		case !slices.Contains(optionsOf(field.Type), option):
			panic("events: the field " + t.Name() + "." + field.Name + " has the option " + option)
		}
		all = append(all, member{"," + strconv.Quote(name) + ":", index, field.Type, option != ""})
	}
	return all
}

// optionsOf returns the options that a type's tag may have: omitempty only where it is the same as omitzero.
func optionsOf(t reflect.Type) []string {
	if kind := t.Kind(); kind == reflect.Slice || kind == reflect.Struct {
		return []string{"", "omitzero"}
	}
	return []string{"", "omitzero", "omitempty"}
}

// isTime reports whether t is time.Time, which is a string in JSON.
func isTime(t reflect.Type) bool { return t == reflect.TypeFor[time.Time]() }

// timeOf returns a pointer to the time in v, which must be addressable.
func timeOf(v reflect.Value) *time.Time { return v.Addr().Interface().(*time.Time) }

// panicUnsupported panics because t has no encoding.
func panicUnsupported(t reflect.Type) { panic("events: facts have no members of type " + t.String()) }
