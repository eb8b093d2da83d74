package whatif

import (
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/demand"
)

// TestSystemNeedsNoCommand: recorded effects of deadlines are ignored, because the simulation has its
// own deadlines. A request without a command is an error.
func TestSystemNeedsNoCommand(t *testing.T) {
	r := newExecutor(newSimulation(nil, func(events.StreamID, events.Fact, time.Time) {}))
	for stream, fact := range map[events.StreamID]events.Fact{
		"team-owls": &events.AllowanceExpired{}, "product-tee": &events.ProductExpired{}, "booking-b": &events.BookingExpired{},
	} {
		code, err := r.decide(&demand.Request{Stream: stream, Fact: fact, System: true})
		if code != "" || err != nil {
			t.Errorf("%s of the system: refused with %q, error %v; want neither", fact.Name(), code, err)
		}
		if _, err = r.decide(&demand.Request{Stream: stream, Fact: fact}); err == nil {
			t.Errorf("%s as a request, to which no command leads: no error, want one", fact.Name())
		}
	}
}
