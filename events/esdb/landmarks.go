package esdb

import (
	"slices"
	"sync"

	"admitone/events"
)

// landmarks are positions of events, spread over what has been read so far. From
// them on, what is near any other position can be found.
type landmarks struct {
	mu sync.Mutex
	at []events.Position // sorted; guarded by mu
}

// maxLandmarks bounds them; then every second one is forgotten.
const maxLandmarks = 1 << 14

func (l *landmarks) note(p events.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, known := slices.BinarySearch(l.at, p)
	if known {
		return
	}
	if l.at = slices.Insert(l.at, i, p); len(l.at) < maxLandmarks {
		return
	}
	for i := range len(l.at) / 2 {
		l.at[i] = l.at[2*i]
	}
	l.at = l.at[:len(l.at)/2]
}

// atMost returns the greatest that is not above p, 0 if there is none.
func (l *landmarks) atMost(p events.Position) events.Position {
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
