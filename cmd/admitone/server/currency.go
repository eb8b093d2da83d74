package server

import (
	"context"
	"errors"
	"time"

	"admitone/actors"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

// nameAttempts bounds the attempts to record the currency when other servers append to the settings
// at the same time.
const nameAttempts = 8

// nameCurrency returns the currency of a log, and records code as it if none is recorded yet; ""
// records none. Errors: a [usage.Error] for a code that is not a currency, or not that of the log; the
// store's.
func nameCurrency(log events.Store, code string) (events.Currency, error) {
	ctx, cancel := context.WithTimeout(context.Background(), headLimit)
	defer cancel()
	wanted, known := events.CurrencyOf(code)
	if code != "" && !known {
		return events.Currency{}, usage.Errorf("--currency is a code of ISO 4217, for example EUR, not %q", code)
	}
	var appendErr error
	for range nameAttempts {
		named, err := events.CurrencyIn(ctx, log, events.EndPosition)
		switch {
		case err != nil || code == "" || named == wanted:
			return named, err
		case !named.Assumed:
			return events.Currency{}, usage.Errorf("--currency: the amounts of this log are in %s, and not in %s", named.Code, code)
		}
		if appendErr = appendCurrency(ctx, log, wanted); appendErr != nil &&
			!errors.Is(appendErr, events.ErrConflict) && !errors.Is(appendErr, events.ErrUnknown) {
			return events.Currency{}, appendErr
		}
	}
	return events.Currency{}, appendErr
}

// appendCurrency records the currency after the current settings. Errors: the store's.
func appendCurrency(ctx context.Context, log events.Store, c events.Currency) error {
	revision, hash := events.NoStream, events.Hash{}
	for e, err := range events.Stream(ctx, log, events.SettingsStream, 0) {
		if err != nil {
			return err
		}
		revision = e.Revision
		if hash, err = events.RecordedHash(e.Metadata); err != nil {
			return err
		}
	}
	command := string(actors.NewCommandID())
	fact := &events.CurrencyNamed{Currency: c.Code, Digits: int64(c.Digits)}
	e := events.Event{ID: events.EventID(command, 0), Type: fact.Name(), Data: events.AppendFact(nil, fact), Fact: fact}
	e.Metadata, _ = events.Seal(nil, hash, events.SettingsStream, revision+1, &e, &events.Metadata{
		CommandID: command, CorrelationID: command, CausationID: "settings", Actor: "system", At: time.Now().Round(0).UTC()})
	_, err := log.Append(ctx, events.SettingsStream, revision, []events.Event{e})
	return err
}
