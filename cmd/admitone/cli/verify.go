package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/merkle"
	"admitone/projections"
	"admitone/projections/verify"
)

// verdict is the result of verify, as printed with --json.
type verdict struct {
	Source  string `json:"source"`
	Events  uint64 `json:"events"`
	Streams int    `json:"streams"`
	// Internal is the number of Events in the store's own streams, which Streams does not count: its
	// epoch, signed heads, snapshots and metadata.
	Internal uint64          `json:"internal_events,omitempty"`
	Head     events.Position `json:"head"`
	// Heads is the number of signed heads of this log, and Root the root of its tree, "" if heads
	// were not checked.
	Heads int    `json:"heads"`
	Root  string `json:"root,omitempty"`
	// Views is the position up to which the views on disk were compared, 0 if they were not.
	Views events.Position `json:"views"`
	// Foreign has the events of other programs, by category, and Backwards is how often the clock
	// of a store of several nodes ran backwards.
	Foreign   []verify.Foreign `json:"foreign,omitempty"`
	Backwards uint64           `json:"clock_backwards,omitempty"`
	// Outside has the totals of external payments, by currency.
	External  map[string]verify.ExternalSums `json:"payments_from_outside,omitempty"`
	Seconds   float64                        `json:"seconds"`
	PerSecond float64                        `json:"events_per_second"`
	// Violation is the first violation, nil for none.
	Violation *violation `json:"violation"`
}

type violation struct {
	Position events.Position `json:"position"`
	Stream   events.StreamID `json:"stream,omitempty"`
	Revision events.Revision `json:"revision"`
	Rule     string          `json:"rule"`
	Detail   string          `json:"detail"`
}

func newVerify() *cobra.Command {
	var from source
	var asJSON bool
	var against, key string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Replay the whole log and check it against every rule",
		Long: "Replays the whole log: positions, revisions, the hash chain of every stream, known\n" +
			"facts, and after every event the rules of its kind. With --store also the views on\n" +
			"disk, and the heads that were signed over the log. With --against it proves that\n" +
			"today's log extends that of an older head. Prints the first\n" +
			"violation and ends with status 1, otherwise with 0.",
		Example: "  admitone verify\n  admitone verify --url http://127.0.0.1:8080 --json\n  admitone verify --against " +
			"monday.head",
		RunE: func(cmd *cobra.Command, args []string) error {
			v := verdict{Source: from.name()}
			store, err := from.open(cmd, args)
			if errors.Is(err, events.ErrDamaged) {
				v.Violation = &violation{Rule: string(verify.RuleBytes), Detail: err.Error()}
				return v.report(cmd.OutOrStdout(), asJSON)
			}
			if err != nil {
				return err
			}
			defer store.Close()
			kept, err := keptHead(cmd, from, store, against, key)
			if err != nil {
				return err
			}
			bar := progress.New(cmd.ErrOrStderr())
			err = v.run(cmd.Context(), store, from, kept, bar)
			bar.Done()
			if err != nil {
				return err
			}
			return v.report(cmd.OutOrStdout(), asJSON)
		},
	}
	from.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "the result as a JSON object")
	cmd.Flags().StringVar(&against, "against", "",
		"file with an older signed head of this log, or a receipt; - is standard input")
	cmd.Flags().StringVar(&key, "key", "", "the public half of the key that signed the file of --against, or a file "+
		"with it (default: the log's own)")
	return cmd
}

// run fills in v. A violation is not an error.
func (v *verdict) run(ctx context.Context, store events.Store, from source, kept *merkle.Checkpoint,
	bar *progress.Bar) error {
	err := v.check(ctx, store, from, kept, bar)
	if errors.Is(err, events.ErrUnavailable) {
		return fmt.Errorf("%s stopped answering, so there is no verdict; run verify again when it answers: %w", v.Source, err)
	}
	return err
}

// check is run with the errors of the log as they are.
func (v *verdict) check(ctx context.Context, store events.Store, from source, kept *merkle.Checkpoint,
	bar *progress.Bar) error {
	start := time.Now()
	w, err := newHeadChecker(ctx, store, from, kept)
	if err != nil {
		return err
	}
	heap := newGCTuner()
	found, err := verify.Log(ctx, w, from.embedded(), func(at, head events.Position) {
		heap.tune()
		bar.Say("verifying the log: position %d of %d", at, head)
	})
	err = w.end(ctx, found.Head, err)
	v.Heads, v.Root = w.found()
	v.Events, v.Streams, v.Internal = found.Events, found.Streams, found.Internal
	v.Head, v.External = found.Head, found.ExternalSums
	if others := found.Others; others != nil {
		v.Foreign, v.Backwards = others.Foreign, others.Backwards
	}
	v.Seconds = time.Since(start).Seconds()
	v.PerSecond = float64(v.Events) / max(v.Seconds, 1e-9)
	if err == nil && from.embedded() {
		err = v.views(ctx, store, from.store, bar)
	}
	if log, ok := store.(*embedded.Store); err == nil && ok {
		err = server.FindLoss(ctx, log, from.store)
	}
	var broken *verify.Violation
	if errors.As(err, &broken) {
		v.Violation = &violation{broken.Position, broken.Stream, broken.Revision, string(broken.Rule), broken.Detail}
		return nil
	}
	if parted := (*merkle.Contradiction)(nil); errors.As(err, &parted) {
		v.Violation = &violation{Position: parted.Position, Rule: merkle.Rule, Detail: parted.Detail}
		return nil
	}
	if lost := (*server.Loss)(nil); errors.As(err, &lost) {
		v.Violation = &violation{Position: lost.End, Rule: server.RuleEnd, Detail: lost.Error()}
		return nil
	}
	return err
}

// views compares the views on disk with a fresh fold.
func (v *verdict) views(ctx context.Context, store events.Store, dir string, bar *progress.Bar) error {
	scratch, err := os.MkdirTemp("", "admitone-verify-")
	if err != nil {
		return fmt.Errorf("the log is valid, but there is no space to compare the views: %w; set TMPDIR to a directory "+
			"that can be written", err)
	}
	defer os.RemoveAll(scratch)
	heap := newGCTuner()
	v.Views, err = projections.VerifyViews(ctx, store, filepath.Join(dir, server.ViewsFolder), scratch,
		func(at, head events.Position) {
			heap.tune()
			bar.Say("verifying the views: position %d of %d", at, head)
		})
	if errors.Is(err, projections.ErrNoViews) {
		return nil
	}
	return err
}

func (v *verdict) report(out io.Writer, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(out).Encode(v); err != nil {
			return err
		}
	} else {
		v.print(out)
	}
	if v.Violation != nil {
		return errCheckFailed
	}
	return nil
}

func (v *verdict) print(out io.Writer) {
	fmt.Fprintf(out, "%s: %d events of %d streams in %.2f s, %.0f events/s\n", v.Source, v.Events, v.Streams, v.Seconds,
		v.PerSecond)
	if broken := v.Violation; broken != nil {
		where := "in the files of the log"
		if broken.Position > 0 {
			where = fmt.Sprintf("at position %d", broken.Position)
		}
		fmt.Fprint(out, "VIOLATION ", where)
		if broken.Stream != "" {
			fmt.Fprintf(out, ", %s@%d", broken.Stream, broken.Revision)
		}
		fmt.Fprintf(out, "\n  rule:  %s\n  found: %s\n", broken.Rule, broken.Detail)
		return
	}
	if v.Internal > 0 {
		fmt.Fprintf(out, "%d of these events are the store's own (epoch, signed heads, snapshots, metadata), in streams that are "+
			"not counted\n", v.Internal)
	}
	v.printOthers(out)
	if v.Heads > 0 {
		heads := "1 signed head is"
		if v.Heads > 1 {
			heads = fmt.Sprintf("%d signed heads are", v.Heads)
		}
		fmt.Fprintf(out, "%s about this log; its root is %s\n", heads, v.Root)
	}
	for _, code := range slices.Sorted(maps.Keys(v.External)) {
		c, known := events.CurrencyOf(code)
		if !known {
			c = events.Currency{Code: code} // as reported, without decimals
		}
		sum := v.External[code]
		fmt.Fprintf(out, "external payments: %s received, of which %s open, %s booked, %s kept, %s refunded, %s owed\n",
			c.Text(sum.Received), c.Text(sum.Open), c.Text(sum.Booked), c.Text(sum.Kept), c.Text(sum.Refunded),
			c.Text(sum.Owed))
	}
	if v.Views > 0 {
		fmt.Fprintf(out, "the views on disk are right up to position %d\n", v.Views)
	}
	fmt.Fprintln(out, "nothing is wrong")
}

// foreignShown is the maximum number of categories of other programs that are printed.
const foreignShown = 10

// printOthers prints the events to which no rule applies.
func (v *verdict) printOthers(out io.Writer) {
	for i, f := range v.Foreign {
		if i == foreignShown {
			fmt.Fprintf(out, "… and other programs' events of %d more categories\n", len(v.Foreign)-i)
			break
		}
		fmt.Fprintf(out, "not this system's, and not checked: %d events in streams of the category %q\n", f.Events,
			f.Category)
	}
	if v.Backwards > 0 {
		fmt.Fprintf(out, "the store's clock ran backwards %d times, as it may at a change of leader\n", v.Backwards)
	}
}
