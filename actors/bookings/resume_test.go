package bookings

import (
	"fmt"
	"testing"
)

// TestACrashWhileResuming lets the process die once at each step, and then once at
// each step of what it does after the restart.
func TestACrashWhileResuming(t *testing.T) {
	for _, crash := range crashes {
		if crash.books {
			continue // there is nothing to resume before it is held
		}
		t.Run(crash.name, func(t *testing.T) {
			w := beginInMemory(t, 3, 3, 3)
			for step, died := 0, true; died; step++ {
				for second, diedAgain := 0, true; diedAgain; second++ {
					w.perform(fmt.Sprintf("gala-%d-%d", step, second), 3, 3, 3)
					id := crash.prepare(w)
					gone := w.dieAfter(step)
					_ = crash.act(w, id)
					died = gone()
					gone = w.dieAfter(second)
					_ = w.Resume(w.ctx(), w.origin("system"), id)
					diedAgain = gone()
					w.restart()
					w.recovered(step)
					w.over(step, id, crash.ends, false)
				}
			}
		})
	}
}
