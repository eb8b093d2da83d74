package replay

// use is what a request does with a lane.
type use int

const (
	// alone waits for all before it, and all behind it wait.
	alone use = iota
	// take waits for what was given before.
	take
	// give waits for nobody but those alone.
	give
	// touch likewise; nobody but those alone waits for it.
	touch
)

// need is a lane that a request depends on, and how.
type need struct {
	lane string
	use  use
}

// lane has channels that are closed once all requests of a use so far are answered, and
// the last one that was alone.
type lane struct{ alone, takes, gives chan struct{} }

// closed is the channel of nothing that is to be waited for.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// lanes order requests. One goroutine uses them.
type lanes map[string]*lane

// enter returns what a request has to wait for, and what to call when it is answered.
func (l lanes) enter(needs []need) (wait []<-chan struct{}, done func()) {
	answered := make(chan struct{})
	var after []func()
	for _, n := range needs {
		on := l[n.lane]
		if on == nil {
			on = &lane{closed, closed, closed}
			l[n.lane] = on
		}
		wait = append(wait, on.alone)
		switch n.use {
		case alone:
			wait = append(wait, on.takes, on.gives)
			on.alone, on.takes, on.gives = answered, answered, answered
		case take:
			wait = append(wait, on.gives)
			after = append(after, both(&on.takes))
		case touch:
			after = append(after, both(&on.takes))
		case give:
			after = append(after, both(&on.gives))
		}
	}
	return wait, func() {
		close(answered)
		for _, f := range after {
			f()
		}
	}
}

// both replaces a channel by one that f closes, after the one that was there.
func both(at *chan struct{}) (f func()) {
	before, next := *at, make(chan struct{})
	*at = next
	return func() {
		<-before
		close(next)
	}
}

// tidy forgets the lanes on which nobody is under way.
func (l lanes) tidy() {
	for name, on := range l {
		if over(on.alone) && over(on.takes) && over(on.gives) {
			delete(l, name)
		}
	}
}

func over(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
