package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"admitone/events"
)

// logQuery selects events.
type logQuery struct {
	stream string
	typ    string
	after  uint64
	since  string
	limit  int
	follow bool
	json   bool
}

func newLog() *cobra.Command {
	var from source
	var q logQuery
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Print the events",
		Example: "  admitone log --stream product-1\n" +
			"  admitone log --url http://127.0.0.1:8080 --follow --type product.expired\n" +
			"  admitone log --since 10m --json | jq .data",
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.limit < 0 || q.after > uint64(events.EndPosition) {
				return usagef("--limit is 0 (all) or more, --after a position")
			}
			if err := q.validate(); err != nil {
				return err
			}
			since, err := sinceTime(q.since, time.Now())
			if err != nil {
				return err
			}
			store, err := from.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			if q.follow && from.url == "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "admitone: while this follows %s, no server can open it; to follow a running "+
					"server give its --url\n", from.store)
			}
			printed, err := printLog(cmd.Context(), store, q, since, cmd.OutOrStdout())
			if printed == 0 && err == nil && !q.follow {
				fmt.Fprintln(cmd.ErrOrStderr(), "admitone: no event matches")
			}
			return err
		},
	}
	from.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&q.follow, "follow", false, "continue with new events until interrupted")
	f.StringVar(&q.stream, "stream", "", "only this stream, for example product-1")
	f.StringVar(&q.typ, "type", "", "only this type, or types with this prefix: product.held.v1, product.held, product")
	f.Uint64Var(&q.after, "after", 0, "only events after this position")
	f.StringVar(&q.since, "since", "", "only events recorded since then: an RFC 3339 time, or how long ago (10m)")
	f.IntVar(&q.limit, "limit", 0, "maximum number of events; 0 is all")
	f.BoolVar(&q.json, "json", false, "a CloudEvent (JSON) per line")
	return cmd
}

// validate refuses a stream or a type that no event can have, because a mistyped name would never match.
func (q *logQuery) validate() error {
	if kind, id, slash := strings.Cut(q.stream, "/"); slash {
		return usagef("no stream has a / in its name; did you mean --stream %s-%s?", kind, strings.ReplaceAll(id, "/", "~"))
	}
	if q.typ == "" {
		return nil
	}
	for _, name := range events.Names() {
		if q.typ == name || strings.HasPrefix(name, q.typ+".") {
			return nil
		}
	}
	return usagef("no event is of type %q; the types are %s", q.typ, strings.Join(events.Names(), ", "))
}

// sinceTime parses a time, or a duration before now; "" is the zero time.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	t, err := events.ParseTime(text)
	if err != nil {
		return t, usagef("--since is an RFC 3339 time such as 2031-05-01T20:00:00Z, or how long ago such as 10m, not %q",
			text)
	}
	return t, nil
}

// errLimitReached ends the search after --limit events.
var errLimitReached = errors.New("limit reached")

// printLog returns the number of printed events.
func printLog(ctx context.Context, store events.Store, q logQuery, since time.Time, out io.Writer) (int, error) {
	after := events.Position(q.after)
	if !since.IsZero() {
		before, err := events.PositionAt(ctx, store, since.Add(-time.Nanosecond))
		if err != nil {
			return 0, err
		}
		after = max(after, before)
	}
	p := &logPrinter{logQuery: q, out: bufio.NewWriter(out), after: after}
	err := p.print(ctx, store)
	if flushed := p.out.Flush(); err == nil {
		err = flushed
	}
	if errors.Is(err, errLimitReached) || q.follow && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return p.printed, nil
	}
	return p.printed, err
}

type logPrinter struct {
	logQuery
	out     *bufio.Writer
	after   events.Position
	printed int
	line    []byte
}

func (p *logPrinter) print(ctx context.Context, store events.Store) error {
	if p.follow {
		return store.Follow(ctx, p.after, func(batch []events.Recorded) error {
			for i := range batch {
				if err := p.event(&batch[i]); err != nil {
					return err
				}
			}
			return p.out.Flush()
		})
	}
	all := events.All(ctx, store, p.after)
	if p.stream != "" {
		all = events.Stream(ctx, store, events.StreamID(p.stream), 0)
	}
	for e, err := range all {
		if err != nil {
			return err
		}
		if err := p.event(&e); err != nil {
			return err
		}
	}
	return nil
}

// event prints an event if it is selected. Error: errLimitReached once the limit is reached.
func (p *logPrinter) event(e *events.Recorded) error {
	selected := e.Position > p.after && !e.Stream.Internal() && (p.stream == "" || string(e.Stream) == p.stream) &&
		(p.typ == "" || e.Type == p.typ || strings.HasPrefix(e.Type, p.typ+"."))
	if !selected {
		return nil
	}
	if p.json {
		p.line = events.AppendCloudEvent(p.line[:0], e)
		p.line = append(p.line, '\n')
	} else {
		p.line = appendLogLine(p.line[:0], e)
	}
	if _, err := p.out.Write(p.line); err != nil {
		return err
	}
	if p.printed++; p.printed == p.limit {
		return errLimitReached
	}
	return nil
}

// appendLogLine formats an event for people: position, time, place, type, actor, data. Events of
// other programs have no actor, and data that is not JSON is quoted.
func appendLogLine(dst []byte, e *events.Recorded) []byte {
	actor, data := "-", string(e.Data)
	if m, err := events.ParseMetadata(e.Metadata); err == nil {
		actor = m.Actor
	} else if !json.Valid(e.Data) {
		data = strconv.QuoteToASCII(data)
	}
	return fmt.Appendf(dst, "%6d  %s  %s@%d  %s  %s  %s\n",
		e.Position, events.FormatTime(e.Created), e.Stream, e.Revision, e.Type, actor, data)
}
