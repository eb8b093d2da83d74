package events

import "reflect"

// subject has the indexes of the fields that identify the subject of a fact, nil for a missing field.
type subject struct{ hold, booking, holder []int }

// subjectOf finds the fields of a struct by their names and types.
func subjectOf(shape reflect.Type) subject {
	return subject{hold: fieldOf[HoldID](shape, "HoldID"), booking: fieldOf[BookingID](shape, "BookingID"),
		holder: fieldOf[Holder](shape, "Holder")}
}

// fieldOf returns the index of the field with the given name and type, nil if there is none.
func fieldOf[T any](shape reflect.Type, name string) []int {
	field, ok := shape.FieldByName(name)
	if !ok || field.Type != reflect.TypeFor[T]() {
		return nil
	}
	return field.Index
}

// textOf returns the value of the field of a fact that field selects, "" if there is none.
func textOf(fact Fact, field func(*subject) []int) string {
	f, v := formats[fact.Name()], reflect.ValueOf(fact).Elem()
	if f == nil || f.shape != v.Type() {
		return ""
	}
	if index := field(&f.subject); index != nil {
		return v.FieldByIndex(index).String()
	}
	return ""
}

// HoldOf returns the HoldID of a fact, "" for none.
func HoldOf(fact Fact) HoldID {
	return HoldID(textOf(fact, func(s *subject) []int { return s.hold }))
}

// BookingOf returns the booking that a fact belongs to according to its BookingID or its HoldID, "" for none.
func BookingOf(fact Fact) BookingID {
	if named := textOf(fact, func(s *subject) []int { return s.booking }); named != "" {
		return BookingID(named)
	}
	bookingID, _, _ := CutHoldID(HoldOf(fact))
	return bookingID
}

// HolderOf returns the Holder of a fact, "" for none.
func HolderOf(fact Fact) Holder {
	return Holder(textOf(fact, func(s *subject) []int { return s.holder }))
}
