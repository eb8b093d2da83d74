package events

import (
	"slices"
	"strconv"
)

// CategoryPrice is a price of a hall's category, in minor units of the currency. A category has one or more
// prices, which are adjacent in a price list.
type CategoryPrice struct {
	Category string `json:"category"`
	// Type is the price type, such as adult; "" for a category with a single price.
	Type   string `json:"type,omitempty"`
	Amount int64  `json:"amount"`
	// Restricted means that only a service or an admin can sell the type.
	Restricted bool `json:"restricted,omitempty"`
}

// The bounds of prices and price lists.
const (
	// MaxPrice is the highest price of one seat, place or unit, in minor units.
	MaxPrice = 1_000_000_000_000
	// MaxPayment is the largest amount of one payment, in minor units. Every booking costs less, and a
	// reservation that costs more is refused, so everything sold can be paid.
	MaxPayment = 100 * MaxPrice
	// MaxPriceTypes is the largest number of price types of a category.
	MaxPriceTypes = 20
	// MaxPriceType is the longest name of a price type, in bytes.
	MaxPriceType = 64
)

// DefaultPrice returns the price for a seat that is requested without a price type: the first unrestricted one of its
// category's prices. ok is false if all are restricted.
func DefaultPrice(prices []CategoryPrice) (price CategoryPrice, ok bool) {
	for _, p := range prices {
		if !p.Restricted {
			return p, true
		}
	}
	return price, false
}

// PriceOf returns the price of a price type. ok is false if the category's prices lack it.
func PriceOf(prices []CategoryPrice, priceType string) (price CategoryPrice, ok bool) {
	for _, p := range prices {
		if p.Type == priceType {
			return p, true
		}
	}
	return price, false
}

// SameCategories reports whether two price lists have the same categories in the same order.
func SameCategories(a, b []CategoryPrice) bool {
	return slices.Equal(categoriesOf(a), categoriesOf(b))
}

// categoriesOf returns the categories of a price list, in order.
func categoriesOf(prices []CategoryPrice) (names []string) {
	for i := range prices {
		if i == 0 || prices[i].Category != prices[i-1].Category {
			names = append(names, prices[i].Category)
		}
	}
	return names
}

// Repriced returns prices with all prices of the categories in others replaced by those in others. unknown is
// a category in others that prices lack, "" for none.
func Repriced(prices, others []CategoryPrice) (priced []CategoryPrice, unknown string) {
	names := categoriesOf(prices)
	for _, other := range others {
		if !slices.Contains(names, other.Category) {
			return nil, other.Category
		}
	}
	for _, name := range names {
		inCategory := func(p CategoryPrice) bool { return p.Category == name }
		from := prices
		if slices.ContainsFunc(others, inCategory) {
			from = others
		}
		for _, p := range from {
			if inCategory(p) {
				priced = append(priced, p)
			}
		}
	}
	return priced, ""
}

// Prices returns the prices of a seat's category, nil where sections define the seats.
func (l *Layout) Prices(seat SeatIndex) []CategoryPrice {
	if l.hall == nil {
		return nil
	}
	return l.prices[l.hall.category[seat]]
}

// CategoryPrices returns the prices of a category of the hall, by its index. The slice must not be changed.
func (l *Layout) CategoryPrices(category int) []CategoryPrice { return l.prices[category] }

// AppendPrices adds the member prices of a resource: an object with, for each category, a number if it has a
// single price without a type, otherwise an array of its price types.
func AppendPrices(o *Object, prices []CategoryPrice) {
	o.Key("prices")
	all := OpenObject(o.Buf)
	for len(prices) > 0 {
		end := 1
		for end < len(prices) && prices[end].Category == prices[0].Category {
			end++
		}
		all.EscapedKey(prices[0].Category)
		if end == 1 && prices[0].Type == "" {
			all.Buf = strconv.AppendInt(all.Buf, prices[0].Amount, 10)
		} else {
			all.Buf = appendTypes(all.Buf, prices[:end])
		}
		prices = prices[end:]
	}
	o.Buf = all.Close()
}

func appendTypes(dst []byte, prices []CategoryPrice) []byte {
	dst = append(dst, '[')
	for i, p := range prices {
		if i > 0 {
			dst = append(dst, ',')
		}
		o := OpenObject(dst)
		o.String("type", p.Type)
		o.Int("amount", p.Amount)
		if p.Restricted {
			o.Bool("restricted", true)
		}
		dst = o.Close()
	}
	return append(dst, ']')
}
