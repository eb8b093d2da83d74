package api

import (
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/events"
)

// bestAvailable is the member best_available of a booking's body.
type bestAvailable struct {
	Section    *events.SectionID `json:"section"`
	Zone       *events.SectionID `json:"zone"`
	Category   *string           `json:"category"`
	Accessible bool              `json:"accessible"`
	Quantity   *int64            `json:"quantity"`
	PriceTypes *map[string]int64 `json:"price_types"`
}

// applyTo validates the members and sets them in command. The zones of a plan are the sections of its
// performance.
func (b *bestAvailable) applyTo(command *bookings.Book) error {
	if b.Quantity == nil {
		return invalidField("best_available.quantity", "the number of seats is missing")
	}
	quantity, err := wholeNumber("best_available.quantity", b.Quantity, 0, 1, booking.MaxSeats)
	if err != nil {
		return err
	}
	command.Quantity, command.Accessible = int(quantity), b.Accessible
	if b.PriceTypes != nil {
		if command.PriceTypes = *b.PriceTypes; len(command.PriceTypes) == 0 {
			return invalidField("best_available.price_types", "give a number of seats by price type, or omit it")
		}
	}
	if b.Section != nil && b.Zone != nil {
		return invalidField("best_available.zone", "give a section or a zone, not both")
	}
	section, field := b.Section, "best_available.section"
	if b.Zone != nil {
		section, field = b.Zone, "best_available.zone"
	}
	if section != nil {
		if command.Section = *section; command.Section == "" || len(command.Section) > events.MaxSeatName {
			return invalidField(field, "the performance has no such section")
		}
	}
	if b.Category != nil {
		if command.Category = *b.Category; command.Category == "" {
			return invalidField("best_available.category", bookings.ErrNoCategory.Detail)
		}
	}
	return nil
}
