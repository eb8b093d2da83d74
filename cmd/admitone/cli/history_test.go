package cli

import (
	"strings"
	"testing"

	"admitone/projections/history"
)

// TestHelpNamesTheKinds: the help of a command that takes KIND/ID names all kinds, in lines that
// fit a terminal.
func TestHelpNamesTheKinds(t *testing.T) {
	shown := strings.Split(shownKinds(), ", ")
	for name, kinds := range map[string][]string{"history": history.Kinds(), "show": shown, "diff": shown} {
		help, _ := must(t, exitDone, name, "--help")
		for _, kind := range kinds {
			if !strings.Contains(help, kind) || name == "history" && !strings.Contains(help, "  "+kind+"/") {
				t.Errorf("%s --help does not show the kind %s:\n%s", name, kind, help)
			}
		}
		about, _, _ := strings.Cut(help, "Flags:")
		for line := range strings.Lines(about) {
			if len(line) > 121 {
				t.Errorf("%s --help has a line of %d bytes, want at most 120: %s", name, len(line)-1, line)
			}
		}
	}
}

// TestHistoryOfSettings: history shows the shared settings under the name settings/log.
func TestHistoryOfSettings(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(1, 1, 600, ""))
	if output, _ := must(t, exitDone, "history", "settings/log", "--url", s.url); !strings.Contains(output, "settings-log@0") {
		t.Errorf("history settings/log: %s; want %q", output, "settings-log@0")
	}
}
