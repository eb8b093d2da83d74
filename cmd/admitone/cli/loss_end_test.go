package cli

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"admitone/cmd/admitone/server"
)

// TestLostEndFileIsReported: if the file with the last acknowledged position of a log is missing, damaged or
// that of a different log, the first start warns with the reason and writes the file again. A new log and a
// copy cause no warning.
func TestLostEndFileIsReported(t *testing.T) {
	store, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	start := func(store string) string {
		output := &bytes.Buffer{}
		s := startWith(t, server.Settings{Store: store, SignEvery: 10 * time.Second,
			Logger: slog.New(slog.NewTextHandler(output, nil))})
		s.end()
		return output.String()
	}
	const about = "how far the log was answered"
	if output := start(store); strings.Contains(output, about) {
		t.Errorf("a new log: %s; want no %q", output, about)
	}
	s := startWith(t, server.Settings{Store: store, SignEvery: 10 * time.Second})
	s.sell("1")
	s.end()
	must(t, exitDone, "backup", "--store", store, "--to", copied)
	if output := start(copied); strings.Contains(output, about) {
		t.Errorf("a copy: %s; want no %q", output, about)
	}
	exported, imported := filepath.Join(t.TempDir(), "out.jsonl"), filepath.Join(t.TempDir(), "imported")
	must(t, exitDone, "export", exported, "--store", store)
	must(t, exitDone, "import", exported, "--store", imported)
	if output := start(imported); strings.Contains(output, about) {
		t.Errorf("an import: %s; want no %q", output, about)
	}
	file := filepath.Join(store, "end")
	good, err := os.ReadFile(file)
	foreign, foreignErr := os.ReadFile(filepath.Join(copied, "end"))
	if err := errors.Join(err, foreignErr); err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(good)
	damaged[7] ^= 1
	for want, text := range map[string][]byte{"is missing": nil, "is damaged": damaged, "is damaged:": {},
		"is of a different log": foreign} {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if text != nil {
			if err := os.WriteFile(file, text, 0o640); err != nil {
				t.Fatal(err)
			}
		}
		if output := start(store); !strings.Contains(output, "level=WARN") || !strings.Contains(output, about+" "+want) ||
			!strings.Contains(output, file) {
			t.Errorf("output = %s, want a warning with %q and %s", output, about+" "+want, file)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, good) {
			t.Errorf("%s: the file is %x (%v), want %x", want, after, err, good)
		}
		if output := start(store); strings.Contains(output, about) {
			t.Errorf("second start after the file %s: %s; want no %q", want, output, about)
		}
	}
}
