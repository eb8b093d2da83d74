package esdb

import (
	"context"
	"errors"

	"google.golang.org/grpc/metadata"

	"admitone/events"
)

// maxRedirects is how often a call goes where a node sends it.
const maxRedirects = 3

// call runs f with a connection for its role, and again where the node sends it if
// it does not lead. f's errors are a *failure, which is translated, or one of
// events.Store's. at is the stage of a call that does not even begin.
func (s *Store) call(caller context.Context, r role, at stage, f func(context.Context, *line) error) error {
	ctx, cancel := s.bound(caller)
	defer cancel()
	for again := 0; ; again++ {
		l, err := s.nodes.take(ctx, r)
		if errors.Is(err, events.ErrClosed) {
			return err
		}
		if err != nil {
			return translate(caller, newFailure(at, nil, err))
		}
		err = f(ctx, l)
		s.nodes.give(r, l)
		var failed *failure
		if !errors.As(err, &failed) {
			return err
		}
		if s.learn(caller, r, l, failed) && again < maxRedirects {
			continue
		}
		return translate(caller, failed)
	}
}

// learn does what a failure says about the nodes, and reports whether the call may
// succeed now.
func (s *Store) learn(caller context.Context, r role, l *line, failed *failure) bool {
	if leader, elsewhere := failed.leader(); elsewhere {
		return s.nodes.elsewhere(l, leader)
	}
	if failed.gone() && caller.Err() == nil {
		s.nodes.unreachable(r, l)
	}
	return false
}

// bound gives a call a deadline if its caller did not.
func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, s.deadline)
}

// outgoing adds the headers. Unlike the official client's, ours really ask for the
// leader.
func (s *Store) outgoing(ctx context.Context, leader bool) context.Context {
	headers := s.headers
	if leader {
		headers = s.leaderHeaders
	}
	return metadata.NewOutgoingContext(ctx, headers)
}
