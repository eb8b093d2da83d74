package logtest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"admitone/events"
)

// ModelSale has the sale terms of a performance.
type ModelSale struct {
	// Terms is the revision of the newest edit.
	Terms events.Revision
	// PriceA is the price in section A.
	PriceA int64
	Times  events.SaleTimes

	cancelled bool
	areas     []events.AreaPlaces // the resized areas
	revision  events.Revision     // of the newest fact
	future    events.SaleTimes
}

// Price returns the current price of a seat.
func (s *ModelSale) Price(seat string) int64 {
	if strings.HasPrefix(seat, "A") {
		return s.PriceA
	}
	return 0
}

func (s *ModelSale) terms() events.SaleTerms {
	return events.SaleTerms{Terms: s.Terms, HoldSeconds: int64(ModelHold / time.Second), LimitPerHolder: modelLimit}
}

// price returns the type and price of a seat of a booking. A hold freezes the price.
func (c *BookingModel) price(b *ModelBooking, seat string) (priceType string, price int64) {
	price = c.Sales[b.performance].Price(seat)
	if c.Floors[b.performance] != nil && strings.HasPrefix(seat, "A") {
		if priceType = "adult"; b.childPrice {
			priceType, price = "child", modelChildPrice
		}
	}
	if b.prices != nil {
		price = b.prices[seat]
	}
	return priceType, price
}

// modelEdit is the content of an edit. Times are relative to the edit.
type modelEdit struct {
	priceA         int64
	starts         int // the day of the performance in June 2031
	opens, closes  time.Duration
	opened, closed bool  // whether the edit sets an opening and a closing time
	floor          int64 // the capacity of the floor, 0 for no change
}

func drawEdit(t *rapid.T) (e modelEdit) {
	after := rapid.SampledFrom([]time.Duration{-time.Second, 0, 1, 40 * time.Second, 150 * time.Second})
	e.priceA, e.starts = rapid.SampledFrom([]int64{5, 7}).Draw(t, "price"), rapid.IntRange(1, 9).Draw(t, "day")
	e.opened, e.closed = rapid.IntRange(0, 3).Draw(t, "opens") == 0, rapid.IntRange(0, 3).Draw(t, "closes") == 0
	e.opens, e.closes = after.Draw(t, "from"), after.Draw(t, "until")
	if e.opened {
		e.closes += e.opens + time.Minute
	}
	return e
}

// edit edits a performance, and records the opening and closing times that have passed.
func (c *BookingModel) edit(id events.PerformanceID, e modelEdit) {
	sale := c.Sales[id]
	if sale.cancelled {
		return
	}
	fact := &events.PerformanceEdited{Title: "T " + string(id), Venue: "V",
		StartsAt:    time.Date(2031, 6, e.starts, 20, 0, 0, 0, time.UTC),
		HoldSeconds: int64(ModelHold / time.Second), LimitPerHolder: modelLimit,
		Prices: []events.SectionPrice{{Section: "A", Price: e.priceA}, {Section: "B-x"}}}
	if e.opened {
		fact.OpensAt = c.Now.Add(e.opens)
	}
	if e.closed {
		fact.ClosesAt = c.Now.Add(e.closes)
	}
	c.completeEdit(id, fact, e.floor)
	c.append(PerformanceStream(string(id)), fact)
	sale.revision++
	if !fact.OpensAt.Equal(sale.Times.OpensAt) {
		sale.future.OpensAt = fact.OpensAt
	}
	if !fact.ClosesAt.Equal(sale.Times.ClosesAt) {
		sale.future.ClosesAt = fact.ClosesAt
	}
	sale.Terms, sale.PriceA, sale.Times = sale.revision, e.priceA, fact.SaleTimes
	c.applyResize(id, fact)
	c.recordReached()
}

// recordReached records the opening and closing times that have been reached.
func (c *BookingModel) recordReached() {
	for _, id := range slices.Sorted(maps.Keys(c.Sales)) {
		sale := c.Sales[id]
		if at := sale.future.OpensAt; !at.IsZero() && !at.After(c.Now) {
			c.append(PerformanceStream(string(id)), &events.PerformanceOpened{OpensAt: at})
			sale.revision++
			sale.future.OpensAt = time.Time{}
		}
		if at := sale.future.ClosesAt; !at.IsZero() && !at.After(c.Now) {
			c.append(PerformanceStream(string(id)), &events.PerformanceClosed{ClosesAt: at})
			sale.revision++
			sale.future.ClosesAt = time.Time{}
		}
	}
}
