package events

import "reflect"

// subject has the indexes of the fields of a fact's struct that identify its subject; nil for a missing one.
type subject struct{ hold, booking, holder []int }

// subjectOf finds the fields by their names and types, once for each type.
func subjectOf(shape reflect.Type) subject {
	return subject{hold: fieldOf[HoldID](shape, "HoldID"), booking: fieldOf[BookingID](shape, "BookingID"),
		holder: fieldOf[Holder](shape, "Holder")}
}

// fieldOf returns the index of a struct's field of that name and type, nil if it has none.
func fieldOf[T any](shape reflect.Type, name string) []int {
	field, ok := shape.FieldByName(name)
	if !ok || field.Type != reflect.TypeFor[T]() {
		return nil
	}
	return field.Index
}

// textOf returns the field of a fact that of chooses, "" if it has none.
func textOf(fact Fact, of func(*subject) []int) string {
	f, v := formats[fact.Name()], reflect.ValueOf(fact).Elem()
	if f == nil || f.shape != v.Type() {
		return ""
	}
	if at := of(&f.subject); at != nil {
		return v.FieldByIndex(at).String()
	}
	return ""
}

// HoldOf returns the hold that a fact names as its HoldID, "" if it names none.
func HoldOf(fact Fact) HoldID {
	return HoldID(textOf(fact, func(s *subject) []int { return s.hold }))
}

// BookingOf returns the booking that a fact belongs to, by its BookingID or its hold; "" for none.
func BookingOf(fact Fact) BookingID {
	if named := textOf(fact, func(s *subject) []int { return s.booking }); named != "" {
		return BookingID(named)
	}
	bookingID, _, _ := CutHoldID(HoldOf(fact))
	return bookingID
}

// HolderOf returns the one holder that a fact names as its Holder, "" if it names none or several.
func HolderOf(fact Fact) Holder {
	return Holder(textOf(fact, func(s *subject) []int { return s.holder }))
}
