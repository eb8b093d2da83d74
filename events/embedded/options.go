package embedded

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options of [Open]. Production uses the zero value.
type Options struct {
	// FS is the file system; nil is the operating system's.
	FS vfs.FS
	// Fatal is called once when a write or a sync has failed. It must not return: the contents of
	// the disk are unknown from then on. nil prints the reason to standard error and exits with
	// status 3.
	Fatal func(error)
	// Now is the clock of Recorded.Created; nil is time.Now.
	Now func() time.Time
	// Logger receives warnings and errors; nil is slog.Default().
	Logger *slog.Logger

	// MaxTables is the approximate number of the log's tables that are open at once; 0 for Pebble's
	// default, a thousand.
	MaxTables int

	memTable uint64 // in bytes; small in tests
}

// exitFailedDisk is the process's exit status after a failed write or sync.
const exitFailedDisk = 3

func (o *Options) setDefaults() {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.memTable == 0 {
		o.memTable = memTableSize
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) {
			fmt.Fprintf(os.Stderr, "admitone: cannot write to the log; "+
				"stopping so that nothing is acknowledged that is not durable: %v\n", err)
			os.Exit(exitFailedDisk)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}
