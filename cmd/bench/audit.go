package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"admitone/events"
	"admitone/events/embedded"
)

// measureAudit fills a log with half a million events and looks at what it takes to
// read it through: as it is, verified without and with its tree, out as text and in
// again.
func measureAudit(b *bench) ([]row, error) {
	const events = 500_000
	dir := filepath.Join(b.dir, "audit")
	if err := fillLog(dir, events); err != nil {
		return nil, err
	}
	scan, err := scanLog(dir)
	if err != nil {
		return nil, err
	}
	rate := func(took time.Duration) string { return fmt.Sprintf("%.0f events/s", events/took.Seconds()) }
	rows := []row{{"the raw scan of a log, one reader", rate(scan), ""}}
	bare, err := b.verify(dir)
	if err != nil {
		return nil, err
	}
	plant, err := b.admitone("head", "--store", dir)
	if err != nil {
		return nil, err
	}
	watched, err := b.verify(dir)
	if err != nil {
		return nil, err
	}
	rows = append(rows,
		row{"`verify`, no tree", fmt.Sprintf("%.0f events/s, %.2f of the raw scan", bare, bare*scan.Seconds()/events), ""},
		row{"… with the tree and its signed heads", fmt.Sprintf("%.0f events/s, %.2f of without", watched, watched/bare), ""},
		row{"a tree over a log that had none", rate(plant), ""})
	for _, name := range []string{"log.jsonl", "log.jsonl.zst"} {
		file := filepath.Join(b.dir, name)
		out, err := b.admitone("export", file, "--store", dir)
		if err != nil {
			return rows, err
		}
		in, err := b.admitone("import", file, "--store", filepath.Join(b.dir, name+".in"))
		if err != nil {
			return rows, err
		}
		info, err := os.Stat(file)
		if err != nil {
			return rows, err
		}
		rows = append(rows, row{"`export` to " + name + ", and `import` of it",
			fmt.Sprintf("%s, %s; %d B an event", rate(out), rate(in), info.Size()/events), ""})
	}
	return rows, nil
}

// fillLog sells n units of a hundred products.
func fillLog(dir string, n int) error {
	h, err := openHouse(dir, 0)
	if err != nil {
		return err
	}
	var crowd sync.WaitGroup
	var failed atomic.Pointer[error]
	for c := range 100 {
		crowd.Go(func() {
			id := fmt.Sprint("a", c)
			err := h.create(id)
			if err == nil {
				err = h.fill(id, n/100, 32)
			}
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	crowd.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return h.close()
}

// scanLog reads a log once, and does nothing with it.
func scanLog(dir string) (time.Duration, error) {
	log, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		return 0, err
	}
	defer log.Close()
	begun := time.Now()
	for _, err := range events.All(context.Background(), log, 0) {
		if err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}

// admitone runs a subcommand and returns how long it took.
func (b *bench) admitone(args ...string) (time.Duration, error) {
	path, err := b.binary()
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("admitone %v: %w: %s", args, err, out)
	}
	return time.Since(begun), nil
}

// verify returns how many events a second the command says it has verified.
func (b *bench) verify(dir string) (float64, error) {
	path, err := b.binary()
	if err != nil {
		return 0, err
	}
	out, err := exec.Command(path, "verify", "--json", "--store", dir).Output()
	if err != nil {
		return 0, fmt.Errorf("admitone verify: %w: %s", err, out)
	}
	var verdict struct {
		PerSecond float64 `json:"events_per_second"`
	}
	err = json.Unmarshal(out, &verdict)
	return verdict.PerSecond, err
}
