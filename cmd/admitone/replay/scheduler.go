package replay

import "admitone/cmd/admitone/kinds"

// resource has channels that are closed when requests have been answered.
type resource struct {
	exclusive chan struct{} // the last exclusive request
	acquired  chan struct{} // all later requests that acquire or share
	released  chan struct{} // all later requests that release
}

// closed is an already closed channel.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// scheduler orders requests by the resources that they need, by name. It must be used by one
// goroutine.
type scheduler map[string]*resource

// schedule returns the channels whose closing a request has to await, and the function to call when
// the request has been answered.
func (s scheduler) schedule(needs []kinds.Need) (wait []<-chan struct{}, done func()) {
	answered := make(chan struct{})
	var after []func()
	for _, n := range needs {
		on := s[n.Resource]
		if on == nil {
			on = &resource{closed, closed, closed}
			s[n.Resource] = on
		}
		wait = append(wait, on.exclusive)
		switch n.Use {
		case kinds.Exclusive:
			wait = append(wait, on.acquired, on.released)
			on.exclusive, on.acquired, on.released = answered, answered, answered
		case kinds.Acquire:
			wait = append(wait, on.released)
			after = append(after, chain(&on.acquired))
		case kinds.Shared:
			after = append(after, chain(&on.acquired))
		case kinds.Release:
			after = append(after, chain(&on.released))
		}
	}
	return wait, func() {
		close(answered)
		for _, f := range after {
			f()
		}
	}
}

// chain replaces a channel by a new one, which f closes after the old one has been closed.
func chain(at *chan struct{}) (f func()) {
	before, next := *at, make(chan struct{})
	*at = next
	return func() {
		<-before
		close(next)
	}
}

// prune removes the resources that no request in flight needs.
func (s scheduler) prune() {
	for name, on := range s {
		if isClosed(on.exclusive) && isClosed(on.acquired) && isClosed(on.released) {
			delete(s, name)
		}
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
