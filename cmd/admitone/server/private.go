package server

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// notForOthers are the permissions that only the owner has on a store's files: the group may read,
// others nothing. A log names everyone who ever bought something.
const notForOthers = 0o027

// keepPrivate removes those permissions from the existing folders and files of a store, which may
// be older or made by hand. Failures are logged.
func keepPrivate(store string, logger *slog.Logger) {
	for _, folder := range []string{"log", "snapshots", ViewsFolder, TreeFolder, ContactsFolder, BackupFolder} {
		err := filepath.WalkDir(filepath.Join(store, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() && !entry.Type().IsRegular() {
				return err
			}
			info, err := entry.Info()
			if err != nil || info.Mode().Perm()&notForOthers == 0 {
				return err
			}
			return os.Chmod(path, info.Mode().Perm()&^notForOthers)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			logger.Warn("others can read what is in the store; take their permissions away", "folder", folder, "error", err)
		}
	}
}
