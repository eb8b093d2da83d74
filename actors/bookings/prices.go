package bookings

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// errRestricted refuses a restricted price type to a caller that is neither a service nor an admin.
var errRestricted = &core.Refusal{Code: core.CodeForbidden,
	Detail: "only a service or an admin can sell this price type; choose another"}

// lines returns the seats of a request with their prices. Refusals: invalid_field (seats: a category lacks
// the price type), forbidden (the price type, or every type of the category, is restricted).
func (cmd *Book) lines(s *performanceInfo, seats []performance.Seat) ([]events.BookedSeat, *core.Refusal) {
	lines := make([]events.BookedSeat, len(seats))
	hall := s.layout.Hall()
	for i, seat := range seats {
		lines[i] = events.BookedSeat{Seat: s.layout.Name(seat), Price: s.layout.Price(seat)}
		priceType, named := cmd.Types[lines[i].Seat]
		if hall == nil {
			if named {
				return nil, unknownType(priceType, "the section")
			}
			continue
		}
		price, ok := cmd.price(s.layout.Prices(seat), priceType, named)
		switch {
		case !ok && named:
			return nil, unknownType(priceType, fmt.Sprintf("the category %q", hall.Categories[hall.Category(seat)].Name))
		case !ok || price.Restricted && !cmd.Restricted:
			return nil, errRestricted
		}
		lines[i].Price, lines[i].PriceType = price.Amount, price.Type
	}
	return lines, nil
}

// price returns the price of a type if the request names one, otherwise the default. ok is false if there
// is none.
func (cmd *Book) price(prices []events.CategoryPrice, priceType string,
	named bool) (price events.CategoryPrice, ok bool) {
	if named {
		return events.PriceOf(prices, priceType)
	}
	if price, ok = events.DefaultPrice(prices); !ok && cmd.Restricted && len(prices) > 0 {
		return prices[0], true
	}
	return price, ok
}

func unknownType(priceType, where string) *core.Refusal {
	return &core.Refusal{Code: core.CodeInvalidField, Detail: fmt.Sprintf("%s has no price type %q", where, priceType),
		Fields: map[string]any{"field": "seats"}}
}

// hidden returns, for each category of the hall, whether the caller can't buy its seats because all price
// types are restricted; nil if there is no such category. A request that names such a seat is forbidden.
func (cmd *Book) hidden(s *performanceInfo) []bool {
	hall := s.layout.Hall()
	if hall == nil || cmd.Restricted {
		return nil
	}
	hidden, any := make([]bool, len(hall.Categories)), false
	for i := range hidden {
		_, ok := events.DefaultPrice(s.layout.CategoryPrices(i))
		hidden[i] = !ok
		any = any || !ok && hall.Categories[i].Seats > 0
	}
	if !any {
		return nil
	}
	return hidden
}

// hide marks the seats of hidden categories as taken.
func hide(layout *events.Layout, hidden []bool, taken []byte) {
	if hidden == nil {
		return
	}
	hall := layout.Hall()
	for seat := range taken {
		if hidden[hall.Category(performance.Seat(seat))] {
			taken[seat] = 1
		}
	}
}

// forbidden reports whether the request needs a price type that its caller may not use.
func (cmd *Book) forbidden(s *performanceInfo) bool {
	if cmd.Restricted {
		return false
	}
	if len(cmd.Seats)+len(cmd.Areas) == 0 {
		_, err := cmd.criteria(s.layout)
		return errors.Is(err, errRestricted)
	}
	_, refusal := requestedPlaces(s.layout, cmd)
	if seats, invalid := namedSeats(s.layout, cmd.Seats); refusal != errRestricted && invalid == nil {
		_, refusal = cmd.lines(s, seats)
	}
	return refusal == errRestricted
}

func badPriceTypes(detail string) *core.Refusal {
	return &core.Refusal{Code: core.CodeInvalidField, Detail: detail,
		Fields: map[string]any{"field": "best_available.price_types"}}
}

// categories returns, for each category, whether the best available seats may be chosen from it. Refusals:
// invalid_field, forbidden.
func (cmd *Book) categories(layout *events.Layout) (allowed []bool, _ error) {
	hall, total := layout.Hall(), int64(0)
	for _, n := range cmd.PriceTypes {
		if n < 1 || n > int64(cmd.Quantity) {
			return nil, badPriceTypes("the number of each price type must be from 1 to quantity")
		}
		total += n
	}
	if cmd.PriceTypes != nil && total != int64(cmd.Quantity) {
		return nil, badPriceTypes("the price types must add up to quantity")
	}
	allowed = make([]bool, len(hall.Categories))
	anySold, anyAllowed := false, false
	for i := range hall.Categories {
		if cmd.Category != "" && hall.Categories[i].Name != cmd.Category {
			continue
		}
		sold, open := cmd.sells(layout.CategoryPrices(i))
		allowed[i] = sold && (open || cmd.Restricted)
		anySold, anyAllowed = anySold || sold, anyAllowed || allowed[i]
	}
	switch {
	case !anySold && cmd.PriceTypes != nil:
		return nil, badPriceTypes("no category has these price types")
	case anySold && !anyAllowed:
		return nil, errRestricted
	}
	return allowed, nil
}

// sells reports whether a category with these prices has all requested price types, and whether none of
// them is restricted.
func (cmd *Book) sells(prices []events.CategoryPrice) (sold, open bool) {
	if cmd.PriceTypes == nil {
		_, open = events.DefaultPrice(prices)
		return len(prices) > 0, open
	}
	sold, open = true, true
	for priceType := range cmd.PriceTypes {
		price, ok := events.PriceOf(prices, priceType)
		sold, open = sold && ok, open && !price.Restricted
	}
	return sold, open
}

// typesOf assigns the requested price types, in alphabetical order, to the chosen seats, in the order of seats.
func (cmd *Book) typesOf(s *performanceInfo, seats []performance.Seat) map[events.SeatName]string {
	if cmd.PriceTypes == nil {
		return cmd.Types
	}
	types, next := make(map[events.SeatName]string, len(seats)), 0
	for _, priceType := range slices.Sorted(maps.Keys(cmd.PriceTypes)) {
		for range cmd.PriceTypes[priceType] {
			types[s.layout.Name(seats[next])] = priceType
			next++
		}
	}
	return types
}
