package verify

import (
	"slices"

	"admitone/events"
)

// RuleBlocks is the rule of changes of blocks, as it is printed.
const RuleBlocks Rule = "changes of blocks do not overlap, and each is completed or undone as a whole"

// blockCheck folds the changes of blocks of a performance.
type blockCheck struct {
	last          int64
	label         events.BlockLabel // of the last
	seats         []events.SeatName // of the last
	areas         []events.AreaPlaces
	sizes         []events.AreaResize
	unblocks      bool
	open          bool
	withdrawn     bool
	sizesRecorded bool // an edit has recorded the sizes
}

// apply applies a fact. known is false for a fact that is not about blocks.
func (c *blockCheck) apply(performance *performanceCheck, fact events.Fact) (_ *fault, known bool) {
	switch f := fact.(type) {
	case *events.BlocksBegun:
		return c.next(performance, &f.BlockChange, true), true
	case *events.BlocksChanged:
		return c.changed(performance, &f.BlockChange), true
	case *events.BlocksWithdrawn:
		if !c.open || c.withdrawn || c.sizesRecorded || f.Number != c.last {
			return faultf(RuleBlocks, "change %d is withdrawn; the last is %d, under way: %t", f.Number, c.last, c.open), true
		}
		c.withdrawn = true
	case *events.BlocksUndone:
		if !c.withdrawn || f.Number != c.last {
			return faultf(RuleBlocks, "change %d is undone; the last is %d, withdrawn: %t", f.Number, c.last, c.withdrawn), true
		}
		c.open, c.withdrawn = false, false
	default:
		return nil, false
	}
	return nil, true
}

// next applies the announcement of a change, or a change that was not announced.
func (c *blockCheck) next(performance *performanceCheck, f *events.BlockChange, open bool) *fault {
	sizes := len(f.Sizes) > 0
	if c.open || f.Number != c.last+1 || f.Label.Valid() == sizes || sizes && (len(f.Seats)+len(f.Areas) > 0 || !open) {
		return faultf(RuleBlocks, "change %d under %q after %d, in progress: %t", f.Number, f.Label, c.last, c.open)
	}
	before := events.SeatIndex(-1)
	for _, name := range f.Seats {
		at, ok := performance.latest.layout.Find(name)
		if !ok {
			return faultf(RuleLayout, "performance %q has no seat %q", performance.id, name)
		}
		if at <= before {
			return faultf(RuleBlocks, "change %d has %q twice or out of order", f.Number, name)
		}
		before = at
	}
	all := slices.Clone(f.Areas)
	for _, size := range f.Sizes {
		all = append(all, size.AreaPlaces)
	}
	if fault := performance.areasInOrder(all); fault != nil {
		return fault
	}
	c.last, c.label, c.unblocks, c.seats, c.open = f.Number, f.Label, f.Unblocks, f.Seats, open
	c.areas, c.sizes, c.sizesRecorded = f.Areas, f.Sizes, false
	return nil
}

// areasInOrder checks that the areas of a change are areas of the performance, in its order, and that each has between
// one place and its capacity.
func (c *performanceCheck) areasInOrder(areas []events.AreaPlaces) *fault {
	before := -1
	for _, a := range areas {
		at := c.latest.layout.Area(a.Area)
		switch {
		case at < 0:
			return faultf(RuleLayout, "performance %q has no area %q", c.id, a.Area)
		case at <= before:
			return faultf(RuleBlocks, "a change has the area %q twice or out of order", a.Area)
		case a.Places < 1 || a.Places > c.latest.layout.Areas()[at].Capacity:
			return faultf(RulePlaces, "%d places of %q, which has %d by its plan", a.Places, a.Area,
				c.latest.layout.Areas()[at].Capacity)
		}
		before = at
	}
	return nil
}

// edited applies an edit that resizes areas: it records the sizes of the change in progress, or is itself the next
// change.
func (c *blockCheck) edited(performance *performanceCheck, f *events.PerformanceEdited) *fault {
	for _, a := range f.Areas {
		if fault := performance.areasInOrder([]events.AreaPlaces{a}); fault != nil {
			return fault
		}
	}
	if f.Change == 0 {
		return nil
	}
	start := c.open && !c.withdrawn && !c.sizesRecorded && f.Change == c.last && !slices.ContainsFunc(c.sizes,
		func(size events.AreaResize) bool { return !slices.Contains(f.Areas, size.AreaPlaces) })
	if !start && (c.open || f.Change != c.last+1) {
		return faultf(RuleBlocks, "an edit resizes areas by change %d; the last is %d, in progress: %t", f.Change, c.last,
			c.open)
	}
	if c.sizesRecorded = start; !start {
		*c = blockCheck{last: f.Change, areas: f.Areas}
	}
	return nil
}

// changes checks a fact of an area against the change that it names.
func (c *blockCheck) changes(id events.AreaID, fact events.Fact) *fault {
	number, ok := int64(0), false
	is := func(a events.AreaPlaces) bool { return a.Area == id }
	switch f := fact.(type) {
	case *events.AreaResized:
		number = f.Change
		ok = c.label == "" && slices.Contains(c.areas, events.AreaPlaces{Area: id, Places: f.Places}) ||
			slices.ContainsFunc(c.sizes, func(size events.AreaResize) bool {
				// An area shrinks before the edit. A server that stalled may shrink it after the change was withdrawn.
				return size.Area == id && (f.Places == size.Was ||
					f.Places == size.Places && (size.Places < size.Was || c.sizesRecorded && !c.withdrawn))
			})
	case *events.AreaBlocked:
		number = f.Change
		ok = f.Label == c.label && !c.unblocks &&
			slices.Contains(c.areas, events.AreaPlaces{Area: id, Places: f.Kept})
	case *events.AreaUnblocked:
		number = f.Change
		ok = f.Label == c.label && f.Undo != c.unblocks && slices.ContainsFunc(c.areas, is)
	}
	if number < 0 || number > c.last || number == c.last && number > 0 && !ok {
		return faultf(RuleBlocks, "a %s of %q by change %d, which does not include it; the last is %d", fact.Name(), id,
			number, c.last)
	}
	return nil
}

// changed applies a completed change: the one in progress, or the next one.
func (c *blockCheck) changed(performance *performanceCheck, f *events.BlockChange) *fault {
	if !c.open {
		return c.next(performance, f, false)
	}
	same := slices.Equal(f.Seats, c.seats) && slices.Equal(f.Areas, c.areas) && slices.Equal(f.Sizes, c.sizes)
	if f.Unblocks { // some seats may have been booked since the announcement
		same = !slices.ContainsFunc(f.Seats, func(name events.SeatName) bool { return !slices.Contains(c.seats, name) }) &&
			!slices.ContainsFunc(f.Areas, func(a events.AreaPlaces) bool {
				return !slices.ContainsFunc(c.areas, func(start events.AreaPlaces) bool { return start.Area == a.Area })
			})
	}
	if len(c.sizes) > 0 && !c.sizesRecorded {
		same = false
	}
	if c.withdrawn || f.Number != c.last || f.Label != c.label || f.Unblocks != c.unblocks || !same {
		return faultf(RuleBlocks, "change %d under %q is done; change %d under %q is in progress, withdrawn: %t", f.Number,
			f.Label, c.last, c.label, c.withdrawn)
	}
	c.open = false
	return nil
}

// blocked checks a blocked seat against the change that it names.
func (c *blockCheck) blocked(name events.SeatName, f *events.SeatBlocked) *fault {
	of := f.Change == c.last && (c.unblocks || f.Label != c.label || !slices.Contains(c.seats, name))
	if f.Change < 0 || f.Change > c.last || of {
		return faultf(RuleBlocks, "it is blocked under %q by change %d, which has no such seat; the last is %d", f.Label,
			f.Change, c.last)
	}
	return nil
}
