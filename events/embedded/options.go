package embedded

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options are the options of [Open]. The zero value is for production.
type Options struct {
	// FS is the file system; nil means that of the operating system.
	FS vfs.FS
	// Fatal is called once when a write or a sync has failed. It must end the process, because the contents of the
	// disk are then unknown. nil prints the reason to standard error and exits with status 3.
	Fatal func(error)
	// Now is the clock for Recorded.Created; nil means time.Now.
	Now func() time.Time
	// Logger receives warnings and errors; nil means slog.Default().
	Logger *slog.Logger

	// MaxTables is the approximate maximum number of open tables; 0 means Pebble's default, a thousand.
	MaxTables int

	memTable uint64 // the size of a memtable in bytes; smaller in tests
}

// exitFailedDisk is the exit status of the process after a failed write or sync.
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
