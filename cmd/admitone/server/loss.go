package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/merkle"
	"admitone/projections"
)

// RuleEnd is the rule for the end of a log.
const RuleEnd = "the log has everything that was answered, and that its views, its tree and its snapshots have seen"

// ErrLost is the error of a server that does not start because its log has lost acknowledged
// events.
var ErrLost = errors.New("the log has lost something")

// Loss is the error for a log that ends before a position that is known to have existed. It is an
// ErrLost.
type Loss struct {
	dir  string
	End  events.Position
	seen embedded.Evidence // the evidence for the last position
}

// Error names both positions.
func (l *Loss) Error() string {
	return fmt.Sprintf("the log in %s ends at position %d, and position %d was seen by %s", l.dir, l.End, l.seen.Position,
		l.seen.Source)
}

// Is implements errors.Is.
func (*Loss) Is(target error) bool { return target == ErrLost }

// unopened is the error for a damaged log on which a server does not start. It is an ErrLost.
type unopened struct{ error }

// Unwrap implements errors.Unwrap.
func (u unopened) Unwrap() error { return u.error }

// Is implements errors.Is.
func (unopened) Is(target error) bool { return target == ErrLost }

// FindLoss compares the end of the log in a directory with the evidence in its own files, its views
// and its tree. They must not be in use yet. Errors: a *Loss; the disk's.
func FindLoss(ctx context.Context, log *embedded.Store, dir string) error {
	end, err := log.Head(ctx)
	if err != nil {
		return err
	}
	seen, err := log.Evidence()
	if err != nil {
		return err
	}
	views := filepath.Join(dir, ViewsFolder)
	at, err := projections.Seen(views, log.Epoch())
	if err != nil {
		return err
	}
	seen = append(seen, embedded.Evidence{Source: "the views (" + views + ")", Position: at})
	key, err := FindHeadKey(dir, log.Epoch())
	if err != nil {
		return err
	}
	if key != nil {
		tree := filepath.Join(dir, TreeFolder)
		size, err := merkle.CoveredSize(tree, key.Verifier())
		if err != nil {
			return err
		}
		seen = append(seen, embedded.Evidence{Source: "the tree of its signed heads (" + tree + ")", Position: events.Position(size)})
	}
	l := &Loss{dir: dir, End: end}
	for _, s := range seen {
		if s.Position > l.seen.Position {
			l.seen = s
		}
	}
	if l.seen.Position > end {
		return l
	}
	return nil
}

// checkEnd refuses a log that has lost its end, unless the loss is accepted: then the log gets a new epoch. command is
// how to accept it. Errors: an ErrLost; the disk's.
func checkEnd(ctx context.Context, log *embedded.Store, dir string, accept bool, command string,
	logger *slog.Logger) error {
	err := FindLoss(ctx, log, dir)
	var lost *Loss
	if err == nil {
		return repairEnd(log, logger)
	}
	if !errors.As(err, &lost) {
		return err
	}
	if !accept {
		return fmt.Errorf("%w: what was acknowledged after position %d is gone, by damage to the newest bytes of the log "+
			"or because an older log replaced it; "+
			"keep a copy of %s, restore a log that reaches position %d, or continue without the lost part, as another log: %s "+
			"--accept-loss",
			lost, lost.End, dir, lost.seen.Position, command)
	}
	return renew(log, logger, lost.Error())
}

// repairEnd warns if there is no evidence of the last acknowledged position, and records the log's
// present end.
func repairEnd(log *embedded.Store, logger *slog.Logger) error {
	file, fault, err := log.EndFault()
	if err != nil || fault == embedded.EndSound {
		return err
	}
	why := map[embedded.EndFault]string{
		embedded.EndAbsent:  "is missing, as in a store of an earlier version or after a power loss",
		embedded.EndDamaged: "is damaged",
		embedded.EndForeign: "is of a different log",
	}[fault]
	logger.Warn("the file that says how far the log was answered "+why+
		": had the log lost its newest events as well, only its views, its tree and its snapshots "+
		"would show it; check it against a head stored elsewhere with verify --against; the file is rewritten", "file", file)
	log.RecordEnd()
	return nil
}

// renew gives the log a new epoch, and logs that.
func renew(log *embedded.Store, logger *slog.Logger, loss string, more ...any) error {
	before := log.Epoch()
	if err := log.Renew(); err != nil {
		return err
	}
	logger.Warn("a loss is accepted; the log continues as a new one, with a new epoch",
		append([]any{"loss", loss, "epoch", log.Epoch(), "epoch_before", before}, more...)...)
	log.RecordEnd()
	return nil
}

// openDamaged opens a damaged log as far as it can be read, if the loss is accepted and the damage
// is in its newest part; cause is the error of opening it, and command how to accept the loss.
// Errors: an ErrLost; the disk's.
func openDamaged(dir string, options embedded.Options, accept bool, command string,
	cause error) (*embedded.Store, error) {
	survey, err := embedded.NewSurvey(dir, options)
	if err != nil {
		return nil, unopened{fmt.Errorf("%w (and no more could be found out: %w)", cause, err)}
	}
	answered := "no position is known to be acknowledged"
	if survey.Acknowledged > 0 {
		answered = fmt.Sprintf("position %d was answered", survey.Acknowledged)
	}
	switch {
	case !survey.CanTruncate():
		return nil, unopened{fmt.Errorf("%w; %s", cause, answered)}
	case !accept:
		return nil, unopened{fmt.Errorf("%w; its newest part can be read up to position %d, and %s: "+
			"to continue without the lost part, as another log: %s --accept-loss", cause, survey.Readable, answered, command)}
	}
	aside, err := survey.Truncate()
	if err != nil {
		return nil, err
	}
	log, err := embedded.Open(dir, options)
	if err != nil {
		return nil, OpenError(dir, err)
	}
	if err := renew(log, options.Logger, cause.Error(), "kept", aside); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return log, nil
}
