package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// row is one row of the table.
type row struct {
	what, figure, target string
}

// part is a measurement that produces one or more rows.
type part struct {
	name string
	run  func(b *bench) ([]row, error)
}

var parts = []part{
	{"http", measureHTTP},
	{"http-watched", measureWatched},
	{"open-loop", measureOpenLoop},
	{"tournament", measureTournament},
	{"seats", measureSeats},
	{"seats-growth", measureGrowth},
	{"seats-memory", measureVenueMemory},
	{"seats-live", measureSeatSubscribers},
	{"waiting-room", measureWaitingRoom},
	{"waiting-room-memory", measureWaitingMemory},
	{"waiting-push-polls", measureWaitingPolls},
	{"waiting-push-sockets", measureWaitingSockets},
	{"esdb", measureESDB},
	{"nodes", measureNodes},
	{"entity", measureEntity},
	{"memory-entity", measureIdleEntity},
	{"memory-product", measureMillion},
	{"live-memory", measureSubscribers},
	{"live-latency", measureLatency},
	{"restart", measureRestart},
	{"audit-verify", measureVerify},
	{"audit-past", measurePast},
	{"audit-archive", measureArchive},
	{"verify-memory", measureVerifyMemory},
	{"rivals", measureCompetitors},
	{"rivals-seats", measureSeatRivals},
}

// bench is the state that the parts share.
type bench struct {
	dir      string        // for logs and other files, removed at the end
	turns    int           // of each comparison
	duration time.Duration // of one turn of one side
	// profiles is the folder for CPU profiles, "" for none.
	profiles string
}

func main() {
	only := flag.String("only", "", "run only the parts whose names begin with this")
	turns := flag.Int("turns", 5, "how many turns each comparison takes")
	each := flag.Duration("each", 4*time.Second, "how long one turn of one side lasts")
	rival := flag.String("rival", "", "serve as a rival over this database, for this program's own use")
	profiles := flag.String("profiles", "", "write a CPU profile of the server for every turn of wrk into this folder")
	flag.Parse()
	if *rival != "" {
		fmt.Fprintln(os.Stderr, "bench:", serveRival(*rival))
		os.Exit(3)
	}
	dir, err := os.MkdirTemp("", "admitone-bench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(3)
	}
	defer os.RemoveAll(dir)
	b := &bench{dir: dir, turns: *turns, duration: *each, profiles: *profiles}
	fmt.Printf("%s, %s/%s, %d cores\n\n| what | measured | aim |\n|---|---|---|\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	failed := false
	for _, p := range parts {
		if !strings.HasPrefix(p.name, *only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", p.name)
		rows, err := p.run(b)
		for _, r := range rows {
			fmt.Printf("| %s | %s | %s |\n", r.what, r.figure, r.target)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", p.name, err)
			failed = true
		}
	}
	if failed {
		os.RemoveAll(dir)
		os.Exit(1)
	}
}

// median returns the median, the upper one of an even number of figures, and 0 for none.
func median(figures []float64) float64 {
	if len(figures) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[len(sorted)/2]
}

// ratios returns a[i]/b[i] for each index that both have.
func ratios(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] / b[i]
	}
	return out
}

// spread formats the median with the minimum and the maximum.
func spread(figures []float64, format string) string {
	if len(figures) == 0 {
		return "not measured"
	}
	f := func(v float64) string { return fmt.Sprintf(format, v) }
	return fmt.Sprintf("%s (%s to %s)", f(median(figures)), f(slices.Min(figures)), f(slices.Max(figures)))
}
