package tournament

import (
	"slices"

	"admitone/actors/core"
	"admitone/events"
)

// slack is how far the length of a queue may exceed twice its rows before the queue is rebuilt, so that small
// queues are not rebuilt often.
const slack = 1024

// waitlist has the waiting rows, in the order of their numbers.
type waitlist struct {
	rows *core.Table[uint64, []events.TeamID] // the teams of each row, by its number
	last uint64                               // the highest number given so far
	// queues has the rows by their number of teams, from 1 to MaxGroup.
	queues [MaxGroup + 1]queue
}

// queue has numbers of rows in order. The number of a row that was removed, or got smaller, stays
// until it reaches the front; the first number is never stale.
type queue struct {
	numbers []uint64
	live    int
}

func newWaitlist() waitlist { return waitlist{rows: core.NewTable[uint64, []events.TeamID]()} }

// add appends a row and returns its number.
func (w *waitlist) add(teams []events.TeamID) uint64 {
	w.last++
	w.put(w.last, teams)
	return w.last
}

// put sets the teams of a row. Its number must not be in the queue of its new size.
func (w *waitlist) put(number uint64, teams []events.TeamID) {
	w.rows.Set(number, teams)
	q := &w.queues[len(teams)]
	q.live++
	if end := len(q.numbers); end == 0 || q.numbers[end-1] < number {
		q.numbers = append(q.numbers, number)
		return
	}
	i, _ := slices.BinarySearch(q.numbers, number) // a group that lost a team keeps its number
	q.numbers = slices.Insert(q.numbers, i, number)
}

// remove removes a row of size teams.
func (w *waitlist) remove(number uint64, size int) {
	w.rows.Delete(number)
	w.queues[size].live--
	w.dropStale(size)
}

// shrink reduces a row of size teams to rest, at least one of them.
func (w *waitlist) shrink(number uint64, size int, rest []events.TeamID) {
	w.queues[size].live--
	w.put(number, rest)
	w.dropStale(size)
}

// dropStale removes stale numbers from the front of a queue, and all stale numbers if there are too many.
func (w *waitlist) dropStale(size int) {
	q := &w.queues[size]
	if len(q.numbers) > 2*q.live+slack {
		kept := make([]uint64, 0, q.live+slack) // the old array may have room for a million
		for _, number := range q.numbers {
			if w.has(number, size) {
				kept = append(kept, number)
			}
		}
		q.numbers = kept
	}
	for len(q.numbers) > 0 && !w.has(q.numbers[0], size) {
		q.numbers = q.numbers[1:]
	}
}

// has reports whether a row exists and has size teams.
func (w *waitlist) has(number uint64, size int) bool {
	teams, ok := w.rows.Get(number)
	return ok && len(teams) == size
}

// iterator iterates over a waitlist in order without changing it.
type iterator struct {
	list *waitlist
	at   [MaxGroup + 1]int // the current index in each queue
	// changed is a row that will keep only rest, 0 for none.
	changed uint64
	rest    []events.TeamID
}

// next returns the first row with at most limit teams, and does not return it again; nil for none.
func (it *iterator) next(limit int) []events.TeamID {
	first, size := uint64(0), 0
	for s := 1; s <= limit; s++ {
		if number := it.first(s); number != 0 && (first == 0 || number < first) {
			first, size = number, s
		}
	}
	if first == 0 {
		return nil
	}
	if first == it.changed {
		rest := it.rest
		it.rest = nil
		return rest
	}
	it.at[size]++
	teams, _ := it.list.rows.Get(first)
	return teams
}

// first returns the number of the first row of a size, 0 for none.
func (it *iterator) first(size int) uint64 {
	found := uint64(0)
	numbers := it.list.queues[size].numbers
	for ; it.at[size] < len(numbers); it.at[size]++ {
		if number := numbers[it.at[size]]; number != it.changed && it.list.has(number, size) {
			found = number
			break
		}
	}
	if len(it.rest) == size && (found == 0 || it.changed < found) {
		return it.changed
	}
	return found
}
