package process

import (
	"fmt"
	"runtime/debug"
	"sync"

	"admitone/actors"
)

// Each calls do with every item concurrently. It returns the lowest index of an item for which do
// failed, and the error.
func Each[T any](items []T, do func(*T) error) (first int, err error) {
	if len(items) == 1 {
		return 0, do(&items[0])
	}
	errs := make([]error, len(items))
	var all sync.WaitGroup
	for i := range items {
		all.Go(func() { errs[i] = Guard(func() error { return do(&items[i]) }) })
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			return i, err
		}
	}
	return 0, nil
}

// Guard calls do and returns a panic of it as [actors.ErrBroken], since a panic on a goroutine would
// end the program.
func Guard(do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v\n%s", actors.ErrBroken, cause, debug.Stack())
		}
	}()
	return do()
}
