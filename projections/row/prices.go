package row

import "admitone/events"

// appendPrices appends the prices of categories.
func appendPrices(dst []byte, prices []events.CategoryPrice) []byte {
	dst = AppendInt(dst, int64(len(prices)))
	for _, p := range prices {
		restricted := int64(0)
		if p.Restricted {
			restricted = 1
		}
		dst = AppendInt(AppendInt(AppendString(AppendString(dst, p.Category), p.Type), p.Amount), restricted)
	}
	return dst
}

// prices reads what appendPrices wrote.
func (r *Reader) prices() (prices []events.CategoryPrice) {
	for n := r.Int(); n > 0 && r.OK(); n-- {
		prices = append(prices, events.CategoryPrice{Category: r.Text(), Type: r.Text(), Amount: r.Int(),
			Restricted: r.Int() == 1})
	}
	return prices
}
