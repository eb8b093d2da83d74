package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/usage"
	"admitone/events"
)

// Exit statuses, as in API.md section 4.
const (
	exitDone        = 0
	exitFoundWrong  = 1
	exitUsage       = 2
	exitUnavailable = 3
)

// errFoundWrong: the command did its work and found that something is not as it
// must be. What it was has been printed.
var errFoundWrong = errors.New("found wrong")

func usagef(format string, args ...any) error { return usage.Errorf(format, args...) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// run is main without the process around it: it returns the exit status.
func run(ctx context.Context, args []string) int { return runTo(ctx, args, os.Stdout, os.Stderr) }

// runTo is run with its output somewhere else.
func runTo(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	status := statusOf(err)
	if err != nil && !errors.Is(err, errFoundWrong) {
		fmt.Fprintln(stderr, "admitone:", plain(err))
	}
	return status
}

func statusOf(err error) int {
	var misused usage.Error
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &misused):
		return exitUsage
	case errors.Is(err, errFoundWrong), errors.Is(err, events.ErrDamaged):
		return exitFoundWrong
	}
	return exitUnavailable
}

// version of the module, and the commit if the program was built in a repository.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			version += " " + s.Value
		}
	}
	return version
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "admitone",
		Short:         "Seats and slots for a crowd: exactly as many as there are, and you can replay how it went",
		Example:       "  admitone serve --demo\n  admitone verify",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q; see admitone --help", args[0])
			}
			return cmd.Help()
		},
	}
	root.PersistentFlags().String("config", "", "a YAML file of flag names and values")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return configure(cmd) }
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; see %s --help", err, cmd.CommandPath())
	})
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
	root.AddCommand(newLoad())
	for _, command := range append(root.Commands(), root) {
		checkArguments(command)
	}
	return root
}

// checkArguments makes wrong arguments a mistake in usage, exit status 2.
func checkArguments(command *cobra.Command) {
	check := command.Args
	if check == nil {
		check = cobra.NoArgs
	}
	command.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%w; see %s --help", err, cmd.CommandPath())
		}
		return nil
	}
}
