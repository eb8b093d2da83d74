package esdb

import (
	"slices"
	"sync"

	"admitone/events"
)

// knownPositions has positions of events, spread over the part of the log read so far. Scanning from
// one of them finds the events near any other position.
type knownPositions struct {
	mu sync.Mutex
	at []events.Position // sorted; guarded by mu
}

// maxKnownPositions bounds their number. When it is reached, every second position is dropped.
const maxKnownPositions = 1 << 14

func (l *knownPositions) note(p events.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, known := slices.BinarySearch(l.at, p)
	if known {
		return
	}
	if l.at = slices.Insert(l.at, i, p); len(l.at) < maxKnownPositions {
		return
	}
	for i := range len(l.at) / 2 {
		l.at[i] = l.at[2*i]
	}
	l.at = l.at[:len(l.at)/2]
}

// atMost returns the greatest known position that is at most p, 0 if there is none.
func (l *knownPositions) atMost(p events.Position) events.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, known := slices.BinarySearch(l.at, p)
	if known {
		i++
	}
	if i == 0 {
		return 0
	}
	return l.at[i-1]
}
