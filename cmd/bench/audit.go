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

	"admitone/actors"
	"admitone/actors/product"
	"admitone/events"
	"admitone/events/embedded"
)

// auditEvents is the number of events in the measured log.
const auditEvents = 1_000_000

// auditLog returns the directory of a log with auditEvents events, which the first call creates.
func (b *bench) auditLog() (string, error) {
	dir := filepath.Join(b.dir, "audit")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, fillLog(dir, auditEvents)
}

// measureArchive measures the export of a log and its import.
func measureArchive(b *bench) (rows []row, err error) {
	dir, err := b.auditLog()
	if err != nil {
		return nil, err
	}
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
			fmt.Sprintf("%s, %s; %d B an event", auditRate(out), auditRate(in), info.Size()/auditEvents), ""})
	}
	return rows, nil
}

func auditRate(took time.Duration) string {
	return fmt.Sprintf("%.0f events/s", auditEvents/took.Seconds())
}

// measureVerify compares the verification of a log with a raw scan of it, in turns, first without a tree.
func measureVerify(b *bench) ([]row, error) {
	dir, err := b.auditLog()
	if err != nil {
		return nil, err
	}
	var scans, bare, costs, shares []float64
	for range b.turns {
		scan, err := scanLog(dir)
		if err != nil {
			return nil, err
		}
		verified, cpu, err := b.verify(dir)
		if err != nil {
			return nil, err
		}
		scans = append(scans, auditEvents/scan.Seconds())
		bare, costs = append(bare, verified), append(costs, float64(cpu.Nanoseconds())/1000/auditEvents)
		shares = append(shares, verified*scan.Seconds()/auditEvents)
	}
	build, err := b.admitone("head", "--store", dir)
	if err != nil {
		return nil, err
	}
	watched, _, err := b.verify(dir)
	if err != nil {
		return nil, err
	}
	return []row{
		{"the raw scan of a log, one reader", spread(scans, "%.0f events/s"), ""},
		{"`verify`, no tree", spread(bare, "%.0f events/s"), "≥ 500,000 events/s, or"},
		{"… as a share of the raw scan in the same turn", spread(shares, "%.2f"), "≥ 0.5"},
		{"… processor time of an event, on however many cores", spread(costs, "%.1f µs"), ""},
		{"… with the tree and its signed heads", fmt.Sprintf("%.0f events/s", watched), ""},
		{"a tree over a log that had none", auditRate(build), ""},
	}, nil
}

// measureVerifyMemory measures the peak memory of verifying ten million events, which takes some minutes.
func measureVerifyMemory(b *bench) ([]row, error) {
	dir := filepath.Join(b.dir, "ten-million")
	if err := fillLog(dir, 10*auditEvents); err != nil {
		return nil, err
	}
	path, err := b.binary()
	if err != nil {
		return nil, err
	}
	verify := exec.Command(path, "verify", "--store", dir)
	start := time.Now()
	if err := verify.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- verify.Wait() }()
	limit := int64(0)
	for {
		select {
		case err := <-ended:
			return []row{{"`verify` of ten million events, resident at most",
				fmt.Sprintf("%d MB, %.0f events/s", limit>>20, 10*auditEvents/time.Since(start).Seconds()), "≤ 500 MB"}}, err
		case <-time.After(50 * time.Millisecond):
			// The maximum that Wait reports includes the memory of this process before exec.
			limit = max(limit, resident(verify.Process.Pid))
		}
	}
}

// fillLog writes about n facts of a hundred products to a new log; see buy.
func fillLog(dir string, n int) error {
	h, err := openInstance(dir, 0)
	if err != nil {
		return err
	}
	var crowd sync.WaitGroup
	var failed atomic.Pointer[error]
	for c := range 100 {
		id := events.ProductID(fmt.Sprint("a", c))
		if err := h.create(id); err != nil {
			return err
		}
		for buyer := range 32 {
			crowd.Go(func() {
				if err := h.buy(id, buyer, n/100/32); err != nil {
					failed.Store(&err)
				}
			})
		}
	}
	crowd.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return h.close()
}

// buy appends a number of facts to a product: repeatedly two sales and a hold that is confirmed.
func (h *instance) buy(id events.ProductID, buyer, facts int) error {
	stream, holder := product.Stream(id), events.Holder(fmt.Sprint("holder-", buyer))
	for made := 0; made < facts; {
		reserve := &product.Reserve{
			ReservationID: actors.NewID(),
			Holder:        events.Holder(fmt.Sprint(holder, "-", made)),
			Quantity:      1,
			Hold:          made%4 == 2 && made+1 < facts,
		}
		if _, err := h.ask(stream, reserve); err != nil {
			return err
		}
		if made++; !reserve.Hold {
			continue
		}
		if _, err := h.ask(stream, &product.Confirm{ReservationID: reserve.ReservationID}); err != nil {
			return err
		}
		made++
	}
	return nil
}

// scanLog reads a log once without decoding it, and returns the time.
func scanLog(dir string) (time.Duration, error) {
	log, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		return 0, err
	}
	defer log.Close()
	start := time.Now()
	for _, err := range events.All(context.Background(), log, 0) {
		if err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// admitone runs a subcommand and returns the time that it took.
func (b *bench) admitone(args ...string) (time.Duration, error) {
	path, err := b.binary()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("admitone %v: %w: %s", args, err, out)
	}
	return time.Since(start), nil
}

// verify runs the command verify, and returns the rate that it reports, in events per second, and its CPU time.
func (b *bench) verify(dir string) (perSecond float64, cpu time.Duration, err error) {
	path, err := b.binary()
	if err != nil {
		return 0, 0, err
	}
	verify := exec.Command(path, "verify", "--json", "--store", dir)
	out, err := verify.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("admitone verify: %w: %s", err, out)
	}
	var verdict struct {
		PerSecond float64 `json:"events_per_second"`
	}
	err = json.Unmarshal(out, &verdict)
	return verdict.PerSecond, verify.ProcessState.UserTime() + verify.ProcessState.SystemTime(), err
}
