package kinds

import (
	"context"
	"io"

	"admitone/events"
	"admitone/projections/row"
)

// Shown prints a resource.
type Shown struct {
	// Text writes the resource for people. Errors: those of out.
	Text func(out io.Writer) error
	// JSON returns the resource as JSON, with the moment as as_of unless it is nil.
	JSON func(at *row.Moment) []byte
	// Parts returns the parts that the JSON omits. It is nil if the JSON is complete.
	Parts func() Parts
}

// Parts has the states of a resource's parts, for example of its seats or entries.
type Parts struct {
	// Noun is the word for a part, such as seat.
	Noun string
	// States has the states of parts by name. Default is the state of all other parts.
	States  map[string]string
	Default string
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

// closeShown completes the JSON of a resource that has no route in the HTTP API.
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
