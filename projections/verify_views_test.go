package projections_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections"
	"admitone/projections/verify"
)

func TestVerifyViews(t *testing.T) {
	dir := t.TempDir()
	log := openLog(t, dir+"/log")
	defer log.Close()
	check := func() (events.Position, error) {
		return projections.VerifyViews(t.Context(), log, dir+"/views", t.TempDir(), nil)
	}
	if _, err := check(); !errors.Is(err, projections.ErrNoViews) {
		t.Errorf("without a directory: %v, want ErrNoViews", err)
	}
	sell(t, log, "p0", 50, 3)
	head := sell(t, log, "p1", 3000, 100)
	views, stop := follow(t, log, dir+"/views")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := views.WaitFor(ctx, head); err != nil {
		t.Fatal(err)
	}
	stop()
	sell(t, log, "p2", 10, 2) // after the views' checkpoint
	if at, err := check(); err != nil || at != head {
		t.Fatalf("intact views: %d, %v; want %d", at, err, head)
	}

	const row = "product\x00p0"
	for name, corrupt := range map[string]func(*pebble.DB) error{
		"a different record":        func(db *pebble.DB) error { return db.Set([]byte(row), []byte("x"), nil) },
		"a missing record":          func(db *pebble.DB) error { return db.Delete([]byte(row), nil) },
		"an additional record":      func(db *pebble.DB) error { return db.Set([]byte(row+"0"), []byte("x"), nil) },
		"an additional last record": func(db *pebble.DB) error { return db.Set([]byte("z"), []byte("x"), nil) },
	} {
		record := change(t, dir+"/views", func(db *pebble.DB) error { return corrupt(db) })
		var v *verify.Violation
		if _, err := check(); !errors.As(err, &v) || v.Rule != verify.RuleViews || v.Position != head {
			t.Errorf("%s: %v, want a violation at %d", name, err, head)
		}
		change(t, dir+"/views", func(db *pebble.DB) error {
			return errors.Join(db.Set([]byte(row), record, nil), db.Delete([]byte(row+"0"), nil), db.Delete([]byte("z"), nil))
		})
		if _, err := check(); err != nil {
			t.Errorf("repaired after %s: %v, want no violation", name, err)
		}
	}

	other := openLog(t, dir+"/other")
	defer other.Close()
	if _, err := projections.VerifyViews(t.Context(), other, dir+"/views", t.TempDir(),
		nil); !errors.Is(err, projections.ErrNoViews) {
		t.Errorf("the views of a different log: %v, want ErrNoViews", err)
	}

	tables, err := filepath.Glob(dir + "/views/*.sst")
	if err != nil || len(tables) == 0 {
		t.Fatalf("tables of the views: %q, %v; want some", tables, err)
	}
	for _, table := range tables {
		if err := os.Truncate(table, 100); err != nil {
			t.Fatal(err)
		}
	}
	var v *verify.Violation
	if _, err := check(); !errors.As(err, &v) || v.Rule != verify.RuleViews {
		t.Errorf("truncated tables: %v, want a violation", err)
	}
}

// change modifies the views on disk, and returns the previous record of p0.
func change(t *testing.T, dir string, with func(*pebble.DB) error) (record []byte) {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	value, closer, err := db.Get([]byte("product\x00p0"))
	if err == nil {
		record = append(record, value...)
		closer.Close()
	}
	if err := errors.Join(with(db), db.Close()); err != nil {
		t.Fatal(err)
	}
	return record
}

type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(format string, args ...any) {
	pebble.DefaultLogger.Fatalf(format, args...)
}
