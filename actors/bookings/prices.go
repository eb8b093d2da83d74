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
	Detail: "this price type is sold by a service or an admin only; ask for another one"}

// lines returns the seats of a request with their prices. Refusals: invalid_field (seats: a
// category lacks the price type), forbidden (a restricted type, or a category with restricted types
// only).
func (cmd *Book) lines(s *performanceInfo, seats []performance.Seat) ([]events.BookedSeat, *core.Refusal) {
	lines := make([]events.BookedSeat, len(seats))
	hall := s.layout.Hall()
	for i, seat := range seats {
		lines[i] = events.BookedSeat{Seat: s.layout.Name(seat), Price: s.layout.Price(seat)}
		of, named := cmd.Types[lines[i].Seat]
		if hall == nil {
			if named {
				return nil, unknownType(of, "the section")
			}
			continue
		}
		price, ok := cmd.price(s.layout.Prices(seat), of, named)
		switch {
		case !ok && named:
			return nil, unknownType(of, fmt.Sprintf("the category %q", hall.Categories[hall.Category(seat)].Name))
		case !ok || price.Restricted && !cmd.Restricted:
			return nil, errRestricted
		}
		lines[i].Price, lines[i].PriceType = price.Amount, price.Type
	}
	return lines, nil
}

// price chooses a price of a category. ok is false if it lacks the requested type.
func (cmd *Book) price(prices []events.CategoryPrice, of string, named bool) (price events.CategoryPrice, ok bool) {
	if named {
		return events.PriceOf(prices, of)
	}
	if price, ok = events.DefaultPrice(prices); !ok && cmd.Restricted && len(prices) > 0 {
		return prices[0], true
	}
	return price, ok
}

func unknownType(of, where string) *core.Refusal {
	return &core.Refusal{Code: core.CodeInvalidField, Detail: fmt.Sprintf("%s has no price type %q", where, of),
		Fields: map[string]any{"field": "seats"}}
}

// hidden returns which categories of the hall the caller may not have because all their price types
// are restricted, nil if there are none. A request that names a seat of one is forbidden.
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

// forbidden reports whether the request names a price type that its caller may not use.
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

// categories returns the categories for the best available seats: the named one, or all that have
// the price types. Refusals: invalid_field, forbidden.
func (cmd *Book) categories(layout *events.Layout) (will []bool, _ error) {
	hall, total := layout.Hall(), int64(0)
	for _, n := range cmd.PriceTypes {
		if n < 1 || n > int64(cmd.Quantity) {
			return nil, badPriceTypes("of each price type there is one at least, and together there are as many as quantity")
		}
		total += n
	}
	if cmd.PriceTypes != nil && total != int64(cmd.Quantity) {
		return nil, badPriceTypes("the price types must add up to quantity")
	}
	will = make([]bool, len(hall.Categories))
	has, may := false, false
	for i := range hall.Categories {
		if cmd.Category != "" && hall.Categories[i].Name != cmd.Category {
			continue
		}
		sold, open := cmd.sells(layout.CategoryPrices(i))
		will[i] = sold && (open || cmd.Restricted)
		has, may = has || sold, may || will[i]
	}
	switch {
	case !has && cmd.PriceTypes != nil:
		return nil, badPriceTypes("no category has these price types")
	case has && !may:
		return nil, errRestricted
	}
	return will, nil
}

// sells reports whether a category with these prices has all the requested price types, and whether
// none of them is restricted.
func (cmd *Book) sells(prices []events.CategoryPrice) (sold, open bool) {
	if cmd.PriceTypes == nil {
		_, open = events.DefaultPrice(prices)
		return len(prices) > 0, open
	}
	sold, open = true, true
	for of := range cmd.PriceTypes {
		price, ok := events.PriceOf(prices, of)
		sold, open = sold && ok, open && !price.Restricted
	}
	return sold, open
}

// typesOf assigns the requested price types to the best available seats, both in their order.
func (cmd *Book) typesOf(s *performanceInfo, seats []performance.Seat) map[events.SeatName]string {
	if cmd.PriceTypes == nil {
		return cmd.Types
	}
	types, next := make(map[events.SeatName]string, len(seats)), 0
	for _, of := range slices.Sorted(maps.Keys(cmd.PriceTypes)) {
		for range cmd.PriceTypes[of] {
			types[s.layout.Name(seats[next])] = of
			next++
		}
	}
	return types
}
