package projections

import (
	"admitone/events"
	"admitone/projections/verify"
)

// verifyAll returns the verifier's error for a log.
func verifyAll(log []events.Recorded) error {
	v := verify.New(true)
	for i := range log {
		if err := v.Check(&log[i]); err != nil {
			return err
		}
	}
	return nil
}
