package actors

import (
	"errors"
	"fmt"
	"testing"

	"admitone/events"
)

// TestUnavailableOnce: the text of a failure says once that the log is unavailable, however often it was wrapped.
func TestUnavailableOnce(t *testing.T) {
	for _, c := range []struct {
		cause error
		want  string
	}{
		{errors.New("refused"), "the log is unavailable: refused"},
		{fmt.Errorf("%w: refused", events.ErrUnavailable), "the log is unavailable: refused"},
		{Unavailable(fmt.Errorf("%w: refused", events.ErrUnavailable)), "the log is unavailable: refused"},
	} {
		err := Unavailable(c.cause)
		if err.Error() != c.want || !errors.Is(err, ErrUnavailable) || !errors.Is(err, c.cause) {
			t.Errorf("Unavailable(%q) is %q; want %q, which is ErrUnavailable and its cause", c.cause, err, c.want)
		}
	}
}
