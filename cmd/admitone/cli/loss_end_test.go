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

// TestLostEndFileIsReported: a log without evidence of its last acknowledged position causes one
// warning with the reason, and records its end again. A new log and a copy cause none.
func TestLostEndFileIsReported(t *testing.T) {
	store, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	start := func(store string) string {
		told := &bytes.Buffer{}
		s := startWith(t, server.Settings{Store: store, SignEvery: 10 * time.Second,
			Logger: slog.New(slog.NewTextHandler(told, nil))})
		s.end()
		return told.String()
	}
	const about = "how far the log was answered"
	if told := start(store); strings.Contains(told, about) {
		t.Errorf("a new log: %s; want no %q", told, about)
	}
	s := startWith(t, server.Settings{Store: store, SignEvery: 10 * time.Second})
	s.sell("1")
	s.end()
	must(t, exitDone, "backup", "--store", store, "--to", copied)
	if told := start(copied); strings.Contains(told, about) {
		t.Errorf("a copy: %s; want no %q", told, about)
	}
	exported, imported := filepath.Join(t.TempDir(), "out.jsonl"), filepath.Join(t.TempDir(), "imported")
	must(t, exitDone, "export", exported, "--store", store)
	must(t, exitDone, "import", exported, "--store", imported)
	if told := start(imported); strings.Contains(told, about) {
		t.Errorf("an import: %s; want no %q", told, about)
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
		"is of another log": foreign} {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if text != nil {
			if err := os.WriteFile(file, text, 0o640); err != nil {
				t.Fatal(err)
			}
		}
		if told := start(store); !strings.Contains(told, "level=WARN") || !strings.Contains(told, about+" "+want) ||
			!strings.Contains(told, file) {
			t.Errorf("%s: %s", want, told)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, good) {
			t.Errorf("%s: the file is %x (%v), want %x", want, after, err, good)
		}
		if told := start(store); strings.Contains(told, about) {
			t.Errorf("%s, and again: %s", want, told)
		}
	}
}
