package esdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"admitone/events"
)

// The stream whose one event identifies the log, and that event's type.
const (
	epochStream events.StreamID = ownPrefix + "epoch"
	epochType                   = "admitone.epoch.v1"
)

// findEpoch returns the log's epoch, and gives it one if it has none yet. Who may
// only read such a log calls it by its first event.
// Errors: as Read; events.ErrUnavailable if it can't be written.
func (s *Store) findEpoch(ctx context.Context) (string, error) {
	epoch, err := s.readEpoch(ctx)
	if err != nil || epoch != "" {
		return epoch, err
	}
	event := events.Event{ID: randomID(), Type: epochType, Data: []byte(`{"about":"The id of this event identifies the log."}`)}
	_, err = s.append(ctx, proposal{stream: epochStream, expected: events.NoStream, batch: []events.Event{event}, content: jsonContent})
	if err != nil && !errors.Is(err, events.ErrConflict) && !errors.Is(err, events.ErrUnknown) {
		return "", fmt.Errorf("giving the log its epoch: %w", err)
	}
	if epoch, err = s.readEpoch(ctx); err == nil && epoch == "" {
		err = fmt.Errorf("%w: the log's epoch can't be read yet", events.ErrUnavailable)
	}
	return epoch, err
}

// readEpoch returns "" for a log that has none and is to be given one.
func (s *Store) readEpoch(ctx context.Context) (string, error) {
	page, err := s.readStream(ctx, epochStream, 0, events.Forward, 1)
	if err != nil {
		return "", err
	}
	if len(page) == 1 {
		return page[0].ID.String(), nil
	}
	if !s.readOnly {
		return "", nil
	}
	first, err := s.readAll(ctx, 0, events.Forward, 1)
	if err != nil || len(first) == 0 {
		return "empty", err
	}
	return "first-" + first[0].ID.String(), nil
}

// sameLog checks that what answers is still the log that was opened: an address may
// come to stand for another one, in which our positions mean nothing.
// Errors: as Read; ErrDamaged.
func (s *Store) sameLog(ctx context.Context) error {
	epoch, err := s.readEpoch(ctx)
	if err != nil || epoch == s.epoch || s.epoch == "empty" {
		return err
	}
	return fmt.Errorf("%w: another log answers: its epoch is %q, it was %q", events.ErrDamaged, epoch, s.epoch)
}

// randomID is a UUIDv4.
func randomID() events.ID {
	var id events.ID
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}
