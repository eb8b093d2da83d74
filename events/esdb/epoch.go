package esdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"admitone/events"
)

// The stream whose only event identifies the log, and the type of that event.
const (
	epochStream events.StreamID = ownPrefix + "epoch"
	epochType                   = "admitone.epoch.v1"
)

// findEpoch returns the log's epoch. If there is none, it writes one, or, if the log was opened for
// reading, derives one from the first event. Errors: those of Read; events.ErrUnavailable if the epoch
// can't be written.
func (s *Store) findEpoch(ctx context.Context) (string, error) {
	epoch, err := s.readEpoch(ctx, s.readStream)
	if err != nil || epoch != "" {
		return epoch, err
	}
	event := events.Event{ID: randomID(), Type: epochType,
		Data: []byte(`{"about":"The id of this event identifies the log."}`)}
	_, err = s.append(ctx, proposal{stream: epochStream, expected: events.NoStream, batch: []events.Event{event},
		content: jsonContent})
	if err != nil && !errors.Is(err, events.ErrConflict) && !errors.Is(err, events.ErrUnknown) {
		return "", fmt.Errorf("writing the epoch: %w", err)
	}
	if epoch, err = s.readEpoch(ctx, s.readStream); err == nil && epoch == "" {
		err = fmt.Errorf("%w: the log's epoch is not readable yet", events.ErrUnavailable)
	}
	return epoch, err
}

// readEpoch returns the log's epoch, "" if there is none and the log was opened for writing.
func (s *Store) readEpoch(ctx context.Context, read streamReader) (string, error) {
	page, err := read(ctx, epochStream, 0, events.Forward, 1)
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

// randomID returns a UUIDv4.
func randomID() events.ID {
	var id events.ID
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}
