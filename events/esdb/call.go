package esdb

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/metadata"

	"admitone/events"
)

// maxRedirects bounds the number of redirects that a call follows.
const maxRedirects = 3

// call runs f with a connection for its role, and again after a redirect to the leader. The errors of f
// are a *failure, which is translated, or one of events.Store's. at is the stage of the failure if there
// is no connection.
func (s *Store) call(caller context.Context, r role, at stage, f func(context.Context, *nodeConn) error) error {
	ctx, cancel := s.bound(caller, r)
	defer cancel()
	for redirects := 0; ; redirects++ {
		c, err := s.nodes.acquire(ctx, r)
		if errors.Is(err, events.ErrClosed) {
			return err
		}
		if err != nil {
			return translate(caller, newFailure(at, nil, err))
		}
		err = f(ctx, c)
		s.nodes.release(r, c)
		failed, ok := errors.AsType[*failure](err)
		if !ok {
			return err
		}
		if s.handleFailure(caller, r, c, failed) && redirects < maxRedirects {
			continue
		}
		if failed.tooLarge() {
			return s.noteLimit(failed)
		}
		return translate(caller, failed)
	}
}

// handleFailure updates the nodes after a failure, and reports whether a retry may succeed.
func (s *Store) handleFailure(caller context.Context, r role, c *nodeConn, failed *failure) bool {
	if leader, redirected := failed.leader(); redirected {
		return s.nodes.redirect(c, leader)
	}
	if failed.nodeFailed() && !failed.slowConsumer() && caller.Err() == nil {
		s.nodes.unreachable(r, c)
	}
	return false
}

// readTimeout bounds a read of one page, independently of the caller's deadline: a query of many pages
// may take long, but must not wait for a frozen node.
const readTimeout = 4 * time.Second

// bound adds the default deadline if ctx has none, and limits reads to readTimeout.
func (s *Store) bound(ctx context.Context, r role) (context.Context, context.CancelFunc) {
	if r == reading {
		return context.WithTimeout(ctx, min(s.deadline, readTimeout))
	}
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.deadline)
}

// outgoing adds the headers of a call: unlike the official client, also requires-leader.
func (s *Store) outgoing(ctx context.Context, leader bool) context.Context {
	headers := s.headers
	if leader {
		headers = s.leaderHeaders
	}
	return metadata.NewOutgoingContext(ctx, headers)
}
