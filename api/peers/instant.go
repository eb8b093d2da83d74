package peers

import (
	"sync/atomic"
	"time"
)

// origin is the zero point of every instant. It is before the start of the process, so that an instant can be too.
var origin = time.Now().Add(-24 * time.Hour)

// instant is a point in time on the monotonic clock, so that a step of the wall clock neither makes a
// peer suspected nor hides its failure. The zero value is unset. It is safe for concurrent use.
type instant struct{ nanos atomic.Int64 }

// set sets the instant to now plus d.
func (i *instant) set(d time.Duration) { i.nanos.Store(max(1, int64(time.Since(origin)+d))) }

func (i *instant) clear() { i.nanos.Store(0) }

func (i *instant) isSet() bool { return i.nanos.Load() != 0 }

// since returns the time that has passed since the instant, negative if the instant is in the future.
func (i *instant) since() time.Duration { return time.Since(origin) - time.Duration(i.nanos.Load()) }
