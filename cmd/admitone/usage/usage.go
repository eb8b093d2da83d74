package usage

import "fmt"

// Error is a mistake of the caller's; it says how to do it right.
type Error struct{ error }

// Unwrap returns what was wrong.
func (e Error) Unwrap() error { return e.error }

// Errorf makes one, as [fmt.Errorf] does.
func Errorf(format string, args ...any) error { return Error{fmt.Errorf(format, args...)} }
