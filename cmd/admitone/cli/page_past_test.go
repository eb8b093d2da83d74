package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPagesOfThePast: pages of a past position evaluate deadlines at the time of that position, with and
// without scripts: a tournament whose sign-up has ended since is shown as open.
func TestPagesOfThePast(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.send("POST", "/v1/tournaments", fmt.Sprintf(`{"id":"cup","name":"Cup","team_limit":2,"register_deadline":%q}`,
		time.Now().Add(1500*time.Millisecond).UTC().Format(time.RFC3339Nano)))
	s.send("PUT", "/v1/waiting-rooms/door", fmt.Sprintf(
		`{"admit_per_second":10,"max_active":10,"active_seconds":60,"heartbeat_seconds":10,"opens_at":%q}`,
		time.Now().Add(1500*time.Millisecond).UTC().Format(time.RFC3339Nano)))
	const position = "3" // of the room; the pass keys are recorded before it
	s.waitFor("/tournaments", "Sign-up is over")
	s.send("POST", "/v1/teams", `{"id":"late","name":"Late"}`)
	s.end()

	past := servePast(t, s.store, position)
	for path, then := range map[string]string{"/tournaments": ">Cup<", "/tournaments/cup": "Cup",
		"/waiting-rooms": "Not open yet", "/waiting-rooms/door": "Not open yet"} {
		past.waitFor(path, then)
		if page := past.send("GET", path, ""); strings.Contains(page, "Sign-up is over") ||
			!strings.Contains(page, `class="as-of"`) {
			t.Errorf("%s at position %s: %s; want %q and no %q", path, position, page, `class="as-of"`, "Sign-up is over")
		}
	}
	browser := newBrowser(t)
	for _, path := range []string{"/tournaments", "/tournaments/cup"} {
		tab := openTab(t, browser, past.url+path).waitLive()
		tab.wait(`document.querySelector('[data-field="until"]').textContent !== ""`)
		tab.wait(`document.querySelector('[data-field="notice"]').hidden`)
	}
}
