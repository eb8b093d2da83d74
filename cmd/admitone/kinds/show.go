package kinds

import (
	"context"
	"io"

	"admitone/events"
	"admitone/projections/row"
)

// Shown is a resource in printable form.
type Shown struct {
	Text func(out io.Writer) error
	JSON func(at *row.Moment) []byte
	// Parts returns the parts that the JSON omits. It is nil if the JSON is complete.
	Parts func() Parts
}

// Parts are the states of a resource's parts, for example its seats or entries.
type Parts struct {
	Noun string
	// Of has the states of parts by their names. Otherwise is the state of all other parts.
	Of        map[string]string
	Otherwise string
}

// showing returns a [Kind.Show] from functions that read a row and write it as text and as JSON.
func showing[R any, ID ~string](read func(context.Context, events.Store, ID, events.Position) (*R, error),
	text func(io.Writer, *R) error, write func([]byte, *R, *row.Moment) []byte,
) func(context.Context, events.Store, string, row.Moment) (*Shown, error) {
	return func(ctx context.Context, store events.Store, id string, at row.Moment) (*Shown, error) {
		found, err := read(ctx, store, ID(id), at.Position)
		if err != nil || found == nil {
			return nil, err
		}
		return &Shown{
			Text: func(out io.Writer) error { return text(out, found) },
			JSON: func(asOf *row.Moment) []byte { return write(nil, found, asOf) },
		}, nil
	}
}

// showingMoney is [showing] for a text with amounts.
func showingMoney[R any, ID ~string](read func(context.Context, events.Store, ID, events.Position) (*R, error),
	text func(io.Writer, *R, events.Currency) error, write func([]byte, *R, *row.Moment) []byte,
) func(context.Context, events.Store, string, row.Moment) (*Shown, error) {
	return func(ctx context.Context, store events.Store, id string, at row.Moment) (*Shown, error) {
		currency, err := events.CurrencyIn(ctx, store, events.EndPosition)
		if err != nil {
			return nil, err
		}
		return showing(read, func(out io.Writer, r *R) error { return text(out, r, currency) }, write)(ctx, store, id, at)
	}
}

// closeShown completes the JSON of a resource without its own route.
func closeShown(o *events.Object, revision, position int64, at *row.Moment) []byte {
	o.Int("revision", revision)
	o.Int("position", position)
	if at != nil {
		o.Key("as_of")
		asOf := events.OpenObject(o.Buf)
		asOf.Int("position", int64(at.Position))
		asOf.Time("time", at.Time)
		o.Buf = asOf.Close()
	}
	return o.Close()
}
