package peers

import (
	"sync/atomic"
	"time"
)

// origin is the zero point of every instant. It precedes the start, so that an instant can lie before that.
var origin = time.Now().Add(-24 * time.Hour)

// instant is a point in time on the monotonic clock, so that a step of the wall clock neither makes a
// peer suspect nor hides its failure. The zero value is unset. It is safe for concurrent use.
type instant struct{ nanos atomic.Int64 }

// set sets the instant to now plus d.
func (i *instant) set(d time.Duration) { i.nanos.Store(max(1, int64(time.Since(origin)+d))) }

func (i *instant) clear() { i.nanos.Store(0) }

func (i *instant) isSet() bool { return i.nanos.Load() != 0 }

// since returns the time that has passed since the instant, negative if it lies ahead.
func (i *instant) since() time.Duration { return time.Since(origin) - time.Duration(i.nanos.Load()) }
