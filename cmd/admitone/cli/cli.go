package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/server"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

// Exit statuses. Scripts rely on them.
const (
	exitDone          = 0
	exitProblemsFound = 1
	exitUsage         = 2
	exitUnavailable   = 3
)

// errCheckFailed is returned by a command that completed its work and found and printed a problem.
var errCheckFailed = errors.New("the check failed")

func usagef(format string, args ...any) error { return usage.Errorf(format, args...) }

// Run runs the command named by the arguments until it is done or ctx ends. It returns the exit
// status of the process: 0 for success, 1 if a check found a problem, 2 for wrong usage, 3 for any
// other failure.
func Run(ctx context.Context, args []string) int { return runTo(ctx, args, os.Stdout, os.Stderr) }

// runTo is Run with other outputs.
func runTo(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	server.RestrictUmask()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	status := statusOf(err)
	if err != nil && !errors.Is(err, errCheckFailed) {
		fmt.Fprintln(stderr, "admitone:", err)
	}
	return status
}

// serverStopped is the error of a running server that stopped unexpectedly.
type serverStopped struct{ error }

func (e serverStopped) Unwrap() error { return e.error }

func statusOf(err error) int {
	var misused usage.Error
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &misused):
		return exitUsage
	case errors.Is(err, server.ErrLost), errors.As(err, new(serverStopped)): // even if the cause is damage
		return exitUnavailable
	case errors.Is(err, errCheckFailed), errors.Is(err, events.ErrDamaged):
		return exitProblemsFound
	}
	return exitUnavailable
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "admitone",
		Short:         "Sell seats and slots to a crowd, never more than there are, and replay the sale afterwards",
		Example:       "  admitone serve --demo\n  admitone verify",
		Version:       readBuild().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.PersistentFlags().String("config", "", "a YAML file of flag names and values")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return configure(cmd) }
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(newServe())
	root.AddCommand(newEventstore())
	root.AddCommand(newMigrate())
	root.AddCommand(newLog())
	root.AddCommand(newHistory())
	root.AddCommand(newShow())
	root.AddCommand(newDiff())
	root.AddCommand(newReplay())
	root.AddCommand(newWhatIf())
	root.AddCommand(newVerify())
	root.AddCommand(newHead())
	root.AddCommand(newReceipt())
	root.AddCommand(newBackup())
	root.AddCommand(newExport())
	root.AddCommand(newImport())
	root.AddCommand(newForget())
	root.AddCommand(newToken())
	root.AddCommand(newRotatePasses())
	root.AddCommand(newCluster())
	root.AddCommand(newPlan())
	root.AddCommand(newLoad())
	root.AddCommand(newVersion())
	for _, command := range append(root.Commands(), root) {
		checkArguments(command)
	}
	return root
}

// checkArguments turns invalid arguments into a usage error, exit status 2.
func checkArguments(command *cobra.Command) {
	check := command.Args
	if check == nil {
		check = cobra.NoArgs
	}
	command.Args = func(cmd *cobra.Command, args []string) error {
		if check(cmd, args) != nil {
			return wrongArguments(cmd, args)
		}
		return nil
	}
}
