package cli

import (
	"admitone/projections/history"
	"strings"
	"testing"
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
				t.Errorf("%s --help has a line of %d columns: %s; want len(line) <= 121", name, len(line)-1, line)
			}
		}
	}
}

// TestHistoryOfSettings: the shared settings have a history, under the id in the help.
func TestHistoryOfSettings(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(1, 1, 600, ""))
	if output, _ := must(t, exitDone, "history", "settings/log", "--url", s.url); !strings.Contains(output, "settings-log@0") {
		t.Errorf("history settings/log: %s; want %q", output, "settings-log@0")
	}
}
