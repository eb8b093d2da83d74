package server

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// notForOthers are the permissions on a store's files that are reserved for the owner: the group
// may read, others have no access. A log contains everyone who ever bought something.
const notForOthers = 0o027

// keepPrivate removes those permissions from the existing folders and files of a store, which may
// be older or created manually. Failures are logged.
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
			logger.Warn("other users can read the store; remove their permissions", "folder", folder, "error", err)
		}
	}
}
