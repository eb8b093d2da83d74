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

// measureArchive measures the export and the import of a log.
func measureArchive(b *bench) (rows []row, err error) {
	dir, err := b.auditLog()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"log.jsonl", "log.jsonl.zst"} {
		file := filepath.Join(b.dir, name)
		exported, err := b.timeAdmitone("export", file, "--store", dir)
		if err != nil {
			return rows, err
		}
		imported, err := b.timeAdmitone("import", file, "--store", filepath.Join(b.dir, name+".in"))
		if err != nil {
			return rows, err
		}
		info, err := os.Stat(file)
		if err != nil {
			return rows, err
		}
		rows = append(rows, row{"`export` to " + name + ", and `import` of it",
			fmt.Sprintf("%s, %s; %d B an event", auditRate(exported), auditRate(imported), info.Size()/auditEvents), ""})
	}
	return rows, nil
}

// auditRate formats the rate of processing auditEvents in the given time.
func auditRate(took time.Duration) string {
	return fmt.Sprintf("%.0f events/s", auditEvents/took.Seconds())
}

// measureVerify compares, in turns, the verification of a log that has no Merkle tree with a raw scan of it. Then it
// measures the construction of the tree, and the verification with it.
func measureVerify(b *bench) ([]row, error) {
	dir, err := b.auditLog()
	if err != nil {
		return nil, err
	}
	var scans, rates, cpus, shares []float64
	for range b.turns {
		scan, err := scanLog(dir)
		if err != nil {
			return nil, err
		}
		rate, cpu, err := b.verify(dir)
		if err != nil {
			return nil, err
		}
		scans = append(scans, auditEvents/scan.Seconds())
		rates, cpus = append(rates, rate), append(cpus, float64(cpu.Nanoseconds())/1000/auditEvents)
		shares = append(shares, rate*scan.Seconds()/auditEvents)
	}
	treeBuilt, err := b.timeAdmitone("head", "--store", dir)
	if err != nil {
		return nil, err
	}
	rateWithTree, _, err := b.verify(dir)
	if err != nil {
		return nil, err
	}
	return []row{
		{"the raw scan of a log, one reader", spread(scans, "%.0f events/s"), ""},
		{"`verify`, no tree", spread(rates, "%.0f events/s"), "≥ 500,000 events/s, or"},
		{"… as a share of the raw scan in the same turn", spread(shares, "%.2f"), "≥ 0.5"},
		{"… CPU time per event, over all cores", spread(cpus, "%.1f µs"), ""},
		{"… with the tree and its signed heads", fmt.Sprintf("%.0f events/s", rateWithTree), ""},
		{"a tree over a log that had none", auditRate(treeBuilt), ""},
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
	peak := int64(0)
	for {
		select {
		case err := <-ended:
			return []row{{"`verify` of ten million events, resident at most",
				fmt.Sprintf("%d MB, %.0f events/s", peak>>20, 10*auditEvents/time.Since(start).Seconds()), "≤ 500 MB"}}, err
		case <-time.After(50 * time.Millisecond):
			// The maximum in ProcessState includes the memory of this process before exec, so it cannot be used.
			peak = max(peak, resident(verify.Process.Pid))
		}
	}
}

// fillLog writes about n facts of a hundred products to a new log.
func fillLog(dir string, n int) error {
	h, err := openHarness(dir, 0)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	for c := range 100 {
		id := events.ProductID(fmt.Sprint("a", c))
		if err := h.create(id); err != nil {
			return err
		}
		for buyer := range 32 {
			wg.Go(func() {
				if err := h.buy(id, buyer, n/100/32); err != nil {
					failed.Store(&err)
				}
			})
		}
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return h.close()
}

// buy makes a product record the given number of facts, in cycles of two sales, a hold and its confirmation.
func (h *harness) buy(id events.ProductID, buyer, facts int) error {
	stream, holder := product.Stream(id), events.Holder(fmt.Sprint("holder-", buyer))
	for count := 0; count < facts; {
		reserve := &product.Reserve{
			ReservationID: actors.NewID(),
			Holder:        events.Holder(fmt.Sprint(holder, "-", count)),
			Quantity:      1,
			Hold:          count%4 == 2 && count+1 < facts,
		}
		if _, err := h.ask(stream, reserve); err != nil {
			return err
		}
		if count++; !reserve.Hold {
			continue
		}
		if _, err := h.ask(stream, &product.Confirm{ReservationID: reserve.ReservationID}); err != nil {
			return err
		}
		count++
	}
	return nil
}

// scanLog reads a log once without decoding it, and returns the time taken.
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

// timeAdmitone runs a subcommand and returns the time that it took.
func (b *bench) timeAdmitone(args ...string) (time.Duration, error) {
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

// verify runs the subcommand verify, and returns the rate that it reports, in events per second, and its CPU time.
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
