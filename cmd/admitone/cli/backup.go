package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/server"
	"admitone/events"
)

func newBackup() *cobra.Command {
	var from source
	var to string
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Copy the log; the copy is a store that serve and verify open",
		Long: "Copies the log. With --store the copy is the directory --to, which must not exist.\n" +
			"With --url the server makes it below its own store, and its path is printed. A log in an\n" +
			"EventStoreDB is backed up by that; admitone export writes a portable copy of it.",
		Example: "  admitone backup --to backups/monday\n  admitone backup --url http://127.0.0.1:8080",
		RunE: func(cmd *cobra.Command, args []string) error {
			path, position, err := from.backup(cmd, args, to)
			if err != nil {
				return err
			}
			where := ""
			if from.url != "" {
				where = " on the server's machine"
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s%s holds the log up to position %d; check it with: admitone verify --store %s\n",
				path, where, position, path)
			return nil
		},
	}
	from.flags(cmd)
	from.directoryOnly(cmd)
	cmd.Flags().StringVar(&to, "to", "", "directory to create (with --store)")
	return cmd
}

func (s *source) backup(cmd *cobra.Command, args []string, to string) (string, events.Position, error) {
	if s.url != "" {
		if to != "" {
			return "", 0, usagef("--to is for --store; with --url the server chooses a place below its own store")
		}
		server, err := remote.New(s.url, s.token)
		if err != nil {
			return "", 0, err
		}
		var made struct {
			Path     string          `json:"path"`
			Position events.Position `json:"position"`
		}
		err = server.Call(cmd.Context(), http.MethodPost, "/v1/backups", "{}", &made)
		if refused := (*remote.Problem)(nil); errors.As(err, &refused) && refused.Status == http.StatusNotFound {
			return "", 0, remoteBackup("--url", s.url) // the server has no such route
		}
		return made.Path, made.Position, err
	}
	if server.IsRemote(s.store) {
		return "", 0, remoteBackup("--store", server.WithoutPassword(s.store))
	}
	if to == "" {
		return "", 0, usagef("give the target directory with --to, for example --to backups/monday")
	}
	store, err := s.openStore(cmd, args)
	if err != nil {
		return "", 0, err
	}
	defer store.Close()
	position, err := server.BackupTo(cmd.Context(), store, to)
	if errors.Is(err, fs.ErrExist) {
		return "", 0, usagef("--to %s exists; a backup never overwrites anything, choose another directory", to)
	}
	return to, position, err
}

// remoteBackup is the error of a backup of a log in an EventStoreDB, which a flag names.
func remoteBackup(flag, value string) error {
	return usagef("the EventStoreDB itself makes the backups of a log in it, see docker/README.md; for a portable copy: "+
		"admitone export FILE %s '%s'", flag, value)
}
