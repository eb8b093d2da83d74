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
		Short: "Let a new key sign the passes of waiting rooms",
		Long: "Puts a new key in front of those that sign passes and visitors' ids. What the keys before have signed\n" +
			"stays good; of more than eight keys the oldest goes. A running server takes the new one into use within\n" +
			"seconds, and names its fingerprint in the log. Servers that share a log share the file: copy it to all of\n" +
			"them. One that has none of the log's keys answers waiting rooms with 503 keys_differ; if the log's keys are\n" +
			"lost, start it once with --accept-keys.",
		Example: "  admitone rotate-passes\n  admitone rotate-passes --pass-keys-file /etc/admitone/passes.key",
		RunE: func(cmd *cobra.Command, _ []string) error {
			file := s.PassKeysPath()
			if err := server.RotatePasses(file); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "a new key signs passes:", file)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.PassKeys, "pass-keys-file", "", "the server's --pass-keys-file (default: passes.key in the store)")
	f.StringVar(&s.Store, "store", "./data", "the server's --store")
	f.StringVar(&s.Data, "data", "./data", "the server's --data, if its log is in an EventStoreDB")
	return cmd
}
