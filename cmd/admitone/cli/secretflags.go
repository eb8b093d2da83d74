package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/server"
)

// secretsUsage describes --secrets of the commands that use the secrets of a server.
const secretsUsage = "the server's --secrets (default: --store, or --data if the log is in an EventStoreDB)"

// secretFlags defines the flags by which a command finds the secrets of a server. They are flags of serve.
func secretFlags(cmd *cobra.Command, s *server.Settings) {
	f := cmd.Flags()
	f.StringVar(&s.Store, "store", "./data", "the server's --store")
	f.StringVar(&s.Data, "data", "./data", "the server's --data, if its log is in an EventStoreDB")
	f.StringVar(&s.Secrets, "secrets", "", secretsUsage)
}

// checkSecretFlags refuses --data where a server has its secrets elsewhere. fileFlag names a single secret.
func checkSecretFlags(cmd *cobra.Command, s *server.Settings, fileFlag string) error {
	if !cmd.Flags().Changed("data") || s.Secrets != "" || cmd.Flags().Changed(fileFlag) || server.IsRemote(s.Store) {
		return nil
	}
	return usagef("--data has the secrets only of a server with its log in an EventStoreDB: give its --store esdb://… as well, "+
		"or its --secrets, or the file itself with --%s", fileFlag)
}

// createsSecret reports whether the secret that signs tokens has to be created. It is a usage error if a server
// has used the directory without one: that server has its secret elsewhere, or accepts no tokens.
func createsSecret(s *server.Settings) (bool, error) {
	dir := s.SecretsDirectory()
	if _, err := os.Stat(filepath.Join(dir, server.SecretFile)); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for _, used := range []string{server.PassKeysFile, server.ViewsFolder} {
		if _, err := os.Stat(filepath.Join(dir, used)); err == nil {
			return false, usagef("there is no %s in %s, although a server has used it: give the server's --secrets, or its "+
				"--jwt-secret-file; if it has never run with --auth jwt, start it so, which creates the file", server.SecretFile, dir)
		}
	}
	return true, nil
}

// noteSecret says which servers accept tokens that are signed with a new secret.
func noteSecret(cmd *cobra.Command, s *server.Settings) {
	flag := "store"
	switch {
	case s.Secrets != "":
		flag = "secrets"
	case server.IsRemote(s.Store):
		flag = "data"
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "admitone: a secret was created in %s, which had none; only a server with --%s %[1]s accepts "+
		"the token\n", s.SecretsDirectory(), flag)
}
