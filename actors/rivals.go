package actors

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

const (
	// rivalFor is how long an entity backs off after another process was seen appending to its
	// stream.
	rivalFor = 5 * time.Second
	// leastRoom and mostRoom bound the random pause after each of its own batches meanwhile.
	leastRoom, mostRoom = 2 * time.Millisecond, 10 * time.Millisecond
)

// rivals records when another process was last seen appending to a stream, in Unix nanoseconds; 0
// if never.
type rivals struct{ metAt atomic.Int64 }

func (r *rivals) saw() { r.metAt.Store(time.Now().UnixNano()) }

func (r *rivals) active() bool {
	met := r.metAt.Load()
	return met != 0 && time.Since(time.Unix(0, met)) < rivalFor
}

// rested ends the pause of an entity.
type rested struct{}

// makeRoom pauses this entity if another process is appending to its stream too. The loser of a
// race must first read what the winner wrote, so without a pause it would lose every race. All that
// arrives during the pause joins the next batch.
func (e *entity) makeRoom() {
	if !e.entry.active() {
		return
	}
	e.resting = true
	time.AfterFunc(leastRoom+rand.N(mostRoom-leastRoom), func() { e.entry.tell(rested{}) })
}
