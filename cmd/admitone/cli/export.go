package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/progress"
	"admitone/events"
	"admitone/events/archive"
)

// An export writes to a file with unfinishedSuffix, and keeps the state for resuming in a file with both
// suffixes.
const (
	unfinishedSuffix = ".unfinished"
	stateSuffix      = ".state"
)

func newExport() *cobra.Command {
	var from source
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write the complete log as text: a CloudEvent (JSON) per line",
		Long: "Writes the log to a file: a line per event, and at intervals one with the root of the\n" +
			"Merkle tree over all lines before it. A file whose name ends in .gz or .zst is\n" +
			"compressed; - is standard output. For a log in an EventStoreDB, only this system's own\n" +
			"events are written, with their positions there. An interrupted export resumes when\n" +
			"the same command is run again. admitone import restores a log from the file.",
		Example: "  admitone export monday.jsonl.zst\n  admitone export --url http://127.0.0.1:8080 - | jq .type",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := from.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			x := &export{store: store, bar: progress.New(cmd.ErrOrStderr())}
			if x.own, err = from.counting(cmd.Context()); err != nil {
				return err
			}
			if args[0] == "-" {
				return x.stream(cmd.Context(), cmd.OutOrStdout())
			}
			err = x.file(cmd.Context(), args[0])
			x.bar.Done()
			if errors.Is(err, context.Canceled) {
				return fmt.Errorf("stopped; the same command continues after position %d", x.saved.Position())
			}
			if err != nil {
				return err
			}
			written := x.out.Range()
			fmt.Fprintf(cmd.OutOrStdout(), "%s has the %d events of %s; their root is %s\n", args[0], written.Size, from.name(),
				written.Root())
			return nil
		},
	}
	from.flags(cmd)
	return cmd
}

// export is an export in progress.
type export struct {
	store events.Store
	own   bool // only this system's own events
	bar   *progress.Bar
	out   *archive.Writer
	saved archive.State // as last written to the state file
}

// stream writes the log to an output that can't be resumed.
func (x *export) stream(ctx context.Context, to io.Writer) (err error) {
	if x.out, err = archive.NewWriter(to, archive.None, archive.State{Epoch: x.store.Epoch(), Own: x.own}); err != nil {
		return err
	}
	return x.write(ctx, func() error { return nil })
}

// write writes the events after those already written, up to the current end of the log. It calls
// checkpoint after each complete block.
func (x *export) write(ctx context.Context, checkpoint func() error) error {
	head, err := x.store.Head(ctx)
	if err != nil {
		return err
	}
	lineage := events.NewLineage(x.store)
	for e, err := range events.All(ctx, x.store, x.out.Position()) {
		if err != nil {
			return err
		}
		if e.Position > head {
			break
		}
		if x.own {
			own, err := lineage.Own(ctx, &e)
			if err != nil {
				return err
			}
			if !own {
				continue
			}
		}
		complete, err := x.out.Write(&e)
		if errors.Is(err, archive.ErrNotWritable) {
			return fmt.Errorf("%w; admitone migrate copies logs of any kind", err)
		}
		if err != nil {
			return err
		}
		if complete {
			if err := checkpoint(); err != nil {
				return err
			}
		}
		x.bar.Say("exporting: position %d of %d", e.Position, head)
	}
	return x.out.Finish()
}

// file writes the log to a file that does not exist, or resumes an earlier export to it.
func (x *export) file(ctx context.Context, name string) error {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return usagef("%s exists; an export never overwrites anything, choose another name", name)
	}
	unfinished := name + unfinishedSuffix
	file, err := os.OpenFile(unfinished, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return usagef("%w", err)
	}
	defer file.Close()
	if err := x.resume(file, unfinished+stateSuffix); err != nil {
		return err
	}
	if x.out, err = archive.NewWriter(file, archive.CompressionOf(name), x.saved); err != nil {
		return err
	}
	err = x.write(ctx, func() error {
		if err := file.Sync(); err != nil {
			return err
		}
		x.saved = x.out.State()
		return writeState(unfinished+stateSuffix, x.saved)
	})
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close(), os.Rename(unfinished, name)); err != nil {
		return err
	}
	if err := os.Remove(unfinished + stateSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// resume restores the state of an earlier run, and truncates its incomplete part.
func (x *export) resume(file *os.File, state string) error {
	x.saved = archive.State{Epoch: x.store.Epoch(), Own: x.own}
	text, err := os.ReadFile(state)
	if err == nil {
		err = json.Unmarshal(text, &x.saved)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usagef("%s: %w; remove it and %s to start over", state, err, file.Name())
	}
	if x.saved.Epoch != x.store.Epoch() || x.saved.Own != x.own {
		return usagef("%s is of the log %s, and this is %s; remove it, or choose another name", file.Name(), x.saved.Epoch,
			x.store.Epoch())
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < x.saved.Bytes {
		return usagef("%s has %d bytes, and should have %d; remove it and %s to start over", file.Name(), info.Size(),
			x.saved.Bytes, state)
	}
	if err := file.Truncate(x.saved.Bytes); err != nil {
		return err
	}
	_, err = file.Seek(x.saved.Bytes, io.SeekStart)
	return err
}

// writeState replaces the file atomically.
func writeState(name string, state archive.State) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	fresh := name + ".new"
	if err := os.WriteFile(fresh, text, 0o640); err != nil {
		return err
	}
	return os.Rename(fresh, name)
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
