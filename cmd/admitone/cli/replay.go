package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/replay"
)

func newReplay() *cobra.Command {
	var from source
	var options replay.Options
	var begin, end string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "replay --against URL",
		Short: "Send a recorded sale again as live traffic, and compare the outcome",
		Long: "Turns the log of a sale back into requests and sends them to another server, at the\n" +
			"recorded speed, or faster, or as fast as it answers (--speed 0): first those that put\n" +
			"something on sale, then the others, each after those it depends on. Every answer is compared with the\n" +
			"record, and the counts at the end. Ends with status 1 if something differs.\n\n" +
			"The other server has to be empty, also after an interrupted replay. Waiting rooms\n" +
			"are left out: everyone who was admitted may act. Expired holds are released at that time.\n" +
			"Recorded refusals are sent again, except for those that depended on a deadline or a pass.\n" +
			"Omitted requests are counted with the reason, and do not count as differences.",
		Example: "  admitone replay --against http://127.0.0.1:8081\n" +
			"  admitone replay --store backups/monday --against http://127.0.0.1:8081 --speed 10",
		RunE: func(cmd *cobra.Command, args []string) error {
			if options.Against == "" {
				return usagef("give the address of the target with --against, for example http://127.0.0.1:8081")
			}
			if _, err := remote.New(options.Against, ""); err != nil {
				return err
			}
			if options.Speed < 0 {
				return usagef("--speed is 0 or more")
			}
			store, err := from.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			if options.From, options.To, err = span(cmd.Context(), store, begin, end); err != nil {
				return err
			}
			bar := progress.New(cmd.ErrOrStderr())
			options.Progress = func(sent, all int64) { bar.Say("sending: %d of %d", sent, all) }
			report, err := replay.Run(cmd.Context(), store, options)
			bar.Done()
			if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			} else {
				err = report.Text(cmd.OutOrStdout())
			}
			if err == nil && !report.OK() {
				err = errCheckFailed
			}
			return err
		},
	}
	from.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&options.Against, "against", "", "the server that gets the requests, for example http://127.0.0.1:8081")
	f.StringVar(&options.Token, "against-token", "", "token for it, of an admin; needed when it runs with --auth jwt")
	f.Float64Var(&options.Speed, "speed", 1, "factor on the recorded speed; 0 is as fast as the server answers")
	f.StringVar(&begin, "from", "", "first moment of the demand: a log position or an RFC 3339 time (default: the "+
		"beginning)")
	f.StringVar(&end, "to", "", "last moment of it (default: the end)")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
