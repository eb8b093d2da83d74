package payments

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/events"
	"admitone/projections"
)

const (
	// intentLifetime is the lifetime of an intent with a page, pageLifetime that of the page. The
	// difference allows for a payment in progress when the page expires.
	intentLifetime, pageLifetime = 32 * time.Minute, 31 * time.Minute
	// pageTimeout bounds the creation of a page, which a client waits for. callTimeout bounds every other
	// call to the provider.
	pageTimeout, callTimeout = 4 * time.Second, 10 * time.Second
	// maxCheckouts bounds the concurrent calls of Checkout.
	maxCheckouts = 256
)

// Config of a gateway.
type Config struct {
	Provider Provider
	Bookings *bookings.Bookings
	Desk     actors.Dispatcher
	Store    events.Store
	Views    *projections.Projections
	// Currency of the log.
	Currency events.Currency
	// Refunds makes Run request owed refunds from the provider.
	Refunds bool
	// Node names this server. Alone means that no other server appends to the log.
	Node  string
	Alone bool
	// Schedule has the pauses after consecutive failures; nil means the cursors' default.
	Schedule []time.Duration
	Logger   *slog.Logger
}

// Gateway connects one provider with the log. Run does the background work at the provider. The other
// methods are safe for concurrent use, even before Run.
type Gateway struct {
	config Config
	locks  actors.KeyedMutex[events.BookingID] // serializes the creation of a booking's page
	slots  chan struct{}                       // one per call of Checkout in progress
}

// RequestsRefunds reports whether Run requests owed refunds from the provider.
func (g *Gateway) RequestsRefunds() bool { return g.config.Refunds }

// New returns a gateway. Call Run to start its work.
func New(config Config) *Gateway {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	config.Logger = config.Logger.With("provider", config.Provider.Name())
	return &Gateway{config: config, slots: make(chan struct{}, maxCheckouts)}
}

// Provider returns the name of the provider.
func (g *Gateway) Provider() events.Provider { return g.config.Provider.Name() }

// Checkout is the request for a page on which a booking is paid.
type Checkout struct {
	bookings.Origin
	BookingID events.BookingID
	// By is the requesting holder, "" for the organiser.
	By events.Holder
	// SuccessURL and CancelURL are where the page redirects the holder.
	SuccessURL, CancelURL string
}

// Opened is an open page.
type Opened struct {
	URL string
	// ExpiresAt is when the page expires.
	ExpiresAt time.Time
	// Existing means that another request opened the page, Replayed that an earlier request with the same key did.
	Existing, Replayed bool
	// Revision and Position of the booking's last event.
	Revision events.Revision
	Position events.Position
}

// Checkout begins an intent of a booking and returns the page on which it is paid. While the intent is
// open, every call returns the same page.
//
// Errors: those of [bookings.Bookings.BeginIntent]; not_held, if the intent ended meanwhile; a
// [*Refused], which has ended the intent; [ErrUnavailable]; [actors.ErrOverloaded].
func (g *Gateway) Checkout(ctx context.Context, cmd Checkout) (Opened, error) {
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	default:
		return Opened{}, actors.ErrOverloaded
	}
	unlock, ok := g.locks.Lock(cmd.BookingID)
	if !ok {
		return Opened{}, actors.ErrOverloaded
	}
	defer unlock()
	first, err := g.beginIntent(ctx, &cmd)
	if err != nil {
		return Opened{}, err
	}
	answer, existing := first, first.Booking.Intent.Session != ""
	if !existing {
		if answer, err = g.makePage(ctx, &cmd.Origin, &first); err != nil {
			return Opened{}, err
		}
	}
	intent := &answer.Booking.Intent
	return Opened{URL: intent.URL, ExpiresAt: pageEnds(intent.ExpiresAt), Existing: existing && first.Intent == "",
		Replayed: first.Replayed, Revision: answer.Revision, Position: answer.Position}, nil
}

// pageEnds returns when the page of an intent expires, in whole seconds, as providers expect.
func pageEnds(intentEnds time.Time) time.Time {
	return intentEnds.Add(pageLifetime - intentLifetime).Truncate(time.Second).UTC()
}

// beginIntent begins an intent of the booking, or returns its open one.
func (g *Gateway) beginIntent(ctx context.Context, cmd *Checkout) (bookings.Answer, error) {
	request := bookings.BeginIntent{Origin: cmd.Origin, BookingID: cmd.BookingID, By: cmd.By,
		Intent: events.IntentID(actors.NewID().String()), Provider: g.Provider(),
		Seconds:  int64(intentLifetime / time.Second),
		Checkout: events.Checkout{SuccessURL: cmd.SuccessURL, CancelURL: cmd.CancelURL}}
	answer, err := g.config.Bookings.BeginIntent(ctx, request)
	if err == nil && answer.Booking.Intent.ID == "" { // a replayed answer whose intent has ended
		request.ID = actors.NewCommandID()
		answer, err = g.config.Bookings.BeginIntent(ctx, request)
	}
	if err == nil && (!answer.Booking.Intent.HasPage() || answer.Booking.Intent.Provider != g.Provider()) {
		return answer, errIntentEnded // it ended meanwhile, or is not one of this provider's pages
	}
	return answer, err
}

var errIntentEnded = &core.Refusal{Code: core.CodeNotHeld, Detail: "the intent of the booking has ended; try again"}

// pageOf returns the page of an intent.
func (g *Gateway) pageOf(id events.BookingID, amount int64, intent events.IntentID, intentEnds time.Time,
	checkout events.Checkout) *Page {
	return &Page{Booking: id, Intent: intent, Checkout: checkout, Amount: amount, Currency: g.config.Currency.Code,
		ExpiresAt: pageEnds(intentEnds)}
}

// makePage creates the page of an open intent and records its URL in the booking.
func (g *Gateway) makePage(ctx context.Context, origin *bookings.Origin, intent *bookings.Answer,
) (bookings.Answer, error) {
	b := &intent.Booking
	pageCtx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	session, err := g.config.Provider.OpenPage(pageCtx, g.pageOf(b.ID, b.Amount, b.Intent.ID, b.Intent.ExpiresAt,
		b.Intent.Checkout))
	refused := (*Refused)(nil)
	if errors.As(err, &refused) || err != nil && time.Since(b.Intent.BeganAt()) >= bookings.PageTimeout {
		_, endErr := g.config.Bookings.EndIntent(ctx, bookings.EndIntent{Origin: g.causedBy(origin), BookingID: b.ID,
			Intent: b.Intent.ID, Reason: events.IntentNoPage})
		if endErr != nil { // the intent expires by itself
			g.config.Logger.Warn("an intent without a page could not be ended", "booking", b.ID, "error", endErr)
		}
	}
	switch {
	case refused != nil:
		return bookings.Answer{}, refused
	case err != nil:
		g.config.Logger.Warn("the provider has created no checkout page", "booking", b.ID, "error", err)
		return bookings.Answer{}, fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	return g.config.Bookings.NotePage(ctx, bookings.NotePage{Origin: g.causedBy(origin), BookingID: b.ID,
		Intent: b.Intent.ID, Session: session.ID, URL: session.URL})
}

// causedBy returns the origin of a further command that a request causes.
func (g *Gateway) causedBy(by *bookings.Origin) bookings.Origin {
	return bookings.Origin{ID: actors.NewCommandID(), CorrelationID: by.CorrelationID, CausationID: string(by.ID),
		Actor: by.Actor}
}
