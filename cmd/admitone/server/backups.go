package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"admitone/actors/core"
	"admitone/api"
	"admitone/events"
	"admitone/events/embedded"
)

// BackupFolder has the backups that a server makes, below its store.
const BackupFolder = "backups"

// BackupTo copies the log to dir, which must not exist. It returns a position up to which the copy
// is complete.
func BackupTo(ctx context.Context, store *embedded.Store, dir string) (events.Position, error) {
	position, err := store.Head(ctx)
	if err != nil {
		return 0, err
	}
	return position, store.Backup(dir)
}

// MaxBackups is the default number of backups that a server keeps.
const MaxBackups = 30

// The space that a backup leaves on the disk: 1/reservedShare of it, but at most maxReserved bytes.
// The log's own writes must never find the disk full.
const (
	maxReserved   = 5 << 30
	reservedShare = 10
)

// unfinished is the suffix of a backup in progress; see embedded.Backup.
const unfinished = ".unfinished"

// backupsBelow makes the backups of a running server, one at a time.
type backupsBelow struct {
	store *embedded.Store
	dir   string // absolute
	log   string // the folder of the log
	limit int
	one   sync.Mutex
	space func(dir string) (free, total uint64, err error)
}

// backups returns nil for a log that is not embedded; other logs have their own backups.
func backups(log events.Store, dir string, limit int) api.Backup {
	store, ok := log.(*embedded.Store)
	if !ok {
		return nil
	}
	b := &backupsBelow{store: store, dir: filepath.Join(dir, BackupFolder), log: filepath.Join(dir, "log"),
		limit: cmp.Or(limit, MaxBackups), space: store.Space}
	return b.backup
}

// backup makes a backup, and returns its directory and the position up to which it is complete. It
// refuses with overloaded while another backup is being made, and with limit_exceeded if there are
// too many or the disk has too little space.
func (b *backupsBelow) backup(ctx context.Context) (string, events.Position, error) {
	if !b.one.TryLock() {
		return "", 0, &core.Refusal{Code: core.CodeOverloaded,
			Detail: "another backup is being made; retry when it is complete"}
	}
	defer b.one.Unlock()
	dir, err := filepath.Abs(b.dir)
	if err != nil {
		return "", 0, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", 0, err
	}
	if err := b.count(dir); err != nil {
		return "", 0, err
	}
	if err := b.measure(dir); err != nil {
		return "", 0, err
	}
	// Names are unique, as backups are made one after another.
	path := filepath.Join(dir, time.Now().UTC().Format("2006-01-02T150405.000000000Z"))
	position, err := BackupTo(ctx, b.store, path)
	return path, position, err
}

// count refuses a backup beyond the limit, and removes incomplete backups, which crashes have left.
func (b *backupsBelow) count(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	made := 0
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if !strings.HasSuffix(entry.Name(), unfinished) {
			made++
		} else if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	if made >= b.limit {
		return &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: fmt.Sprintf("there are %d backups in %s, and there may be %d; "+
				"move some of them elsewhere, or start the server with --max-backups", made, dir, b.limit),
			Fields: map[string]any{"limit": int64(b.limit), "backups": int64(made)}}
	}
	return nil
}

// measure refuses a backup that would leave too little space. Files that can be linked cost
// nothing; the newest events, which are not in tables yet, are copied.
func (b *backupsBelow) measure(dir string) error {
	needed, err := bytesToCopy(b.log, canLink(b.log, dir))
	if err != nil {
		return err
	}
	free, total, err := b.space(dir)
	if err != nil {
		return err
	}
	if needed += min(total/reservedShare, maxReserved); free >= needed {
		return nil
	}
	return &core.Refusal{Code: core.CodeLimitExceeded,
		Detail: fmt.Sprintf("the disk of %s has %d MB left, and a backup needs %d; free some space",
			dir, free>>20, needed>>20),
		Fields: map[string]any{"free_bytes": free, "needed_bytes": needed}}
}

// bytesToCopy returns the size of a log or, where its tables can be linked, of the rest.
func bytesToCopy(log string, linked bool) (size uint64, err error) {
	entries, err := os.ReadDir(log)
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) || linked && filepath.Ext(entry.Name()) == ".sst" {
			continue // removed by a compaction, or linked
		}
		if err != nil {
			return 0, err
		}
		size += uint64(info.Size())
	}
	return size, nil
}

// canLink reports whether files of the log can be linked into a folder.
func canLink(log, dir string) bool {
	entries, err := os.ReadDir(log)
	if err != nil {
		return false
	}
	probe := filepath.Join(dir, "probe"+unfinished)
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		err := os.Link(filepath.Join(log, entry.Name()), probe)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return os.Remove(probe) == nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return false
}
