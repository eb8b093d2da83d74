package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdb"
)

// directoryInterval is how often the directory of an open log is checked.
const directoryInterval = 2 * time.Second

// watchDirectory checks until ctx ends that the files in the directory of an open log are still the
// open ones: if they are replaced by a copy, writes go to files that nothing reads. Errors:
// ErrLost, with both positions; ctx.Err().
func watchDirectory(ctx context.Context, log events.Store, dir string, before logFiles) error {
	tick := time.NewTicker(directoryInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		for i, now := range filesOf(dir) {
			if before[i] != nil && (now == nil || !os.SameFile(before[i], now)) {
				return replacedError(ctx, log, dir)
			}
		}
	}
}

// watchLog returns when the log has gone back or was replaced; see esdb.Store.Watch, watchDirectory.
func (p *Server) watchLog(ctx context.Context) error {
	if log, remote := p.Log.(*esdb.Store); remote {
		return log.Watch(ctx)
	}
	return watchDirectory(ctx, p.Log, p.directory, p.opened)
}

// logFiles identify the files of a log in a directory: its folder and its lock, nil for a missing
// one.
type logFiles [2]os.FileInfo

func filesOf(dir string) (files logFiles) {
	for i, name := range [...]string{"", "LOCK"} {
		if found, err := os.Stat(filepath.Join(dir, "log", name)); err == nil {
			files[i] = found
		}
	}
	return files
}

// replacedError describes the end of the open log, and of the one now in its directory.
func replacedError(ctx context.Context, log events.Store, dir string) error {
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	there := "the directory has no log now"
	other, err := embedded.OpenReader(dir, embedded.Options{Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		end, headErr := other.Head(ctx)
		if err = headErr; err == nil {
			there = fmt.Sprintf("the log there now ends at position %d", end)
		}
		_ = other.Close() // it was only read
	}
	if err != nil {
		there = fmt.Sprintf("the log there now can't be read: %v", err)
	}
	return fmt.Errorf("%w: its files in %s were removed or replaced while it was in use, at position %d; %s; stop all programs "+
		"that use the directory before you replace its log", ErrLost, dir, head, there)
}
