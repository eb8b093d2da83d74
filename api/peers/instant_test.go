package peers

import (
	"testing"
	"time"
)

// TestInstant: an unset instant is distinguished from one in the past or future, also directly
// after the start.
func TestInstant(t *testing.T) {
	var i instant
	if i.isSet() {
		t.Error("isSet = true for the zero instant, want false")
	}
	if i.set(-time.Hour); !i.isSet() || i.since() < 0 {
		t.Errorf("an hour ago: isSet = %t, since = %v; want true, 1h", i.isSet(), i.since())
	}
	if i.set(time.Hour); !i.isSet() || i.since() > -time.Minute {
		t.Errorf("in an hour: isSet = %t, since = %v; want true, -1h", i.isSet(), i.since())
	}
	if i.clear(); i.isSet() {
		t.Error("isSet = true for a cleared instant, want false")
	}
}
