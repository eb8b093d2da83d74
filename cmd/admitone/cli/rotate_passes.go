package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/server"
)

func newRotatePasses() *cobra.Command {
	var s server.Settings
	cmd := &cobra.Command{
		Use:   "rotate-passes",
		Short: "Replace the key that signs the passes of waiting rooms",
		Long: "Adds a new first key to those that sign passes and visitors' ids. Signatures of the earlier keys\n" +
			"stay valid; of more than eight keys the oldest is removed. A running server uses the new one within\n" +
			"seconds, and records its fingerprint in the log. Servers that share a log share the file: copy it to all of\n" +
			"them. One that has none of the log's keys answers waiting rooms with 503 keys_differ; if the log's keys are\n" +
			"lost, start it once with --accept-keys.",
		Example: "  admitone rotate-passes\n  admitone rotate-passes --pass-keys-file /etc/admitone/passes.key",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkSecretFlags(cmd, &s, "pass-keys-file"); err != nil {
				return err
			}
			file := s.PassKeysPath()
			if err := server.RotatePasses(file); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "a new key signs passes:", file)
			return err
		},
	}
	cmd.Flags().StringVar(&s.PassKeys, "pass-keys-file", "", "the server's --pass-keys-file (default: passes.key in --secrets)")
	secretFlags(cmd, &s)
	return cmd
}
