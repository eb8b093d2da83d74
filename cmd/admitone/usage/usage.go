package usage

import "fmt"

// Error is a usage error. Its text says how to correct the command.
type Error struct{ error }

// Unwrap returns the cause.
func (e Error) Unwrap() error { return e.error }

// Errorf returns an [Error] with a text formatted as by [fmt.Errorf].
func Errorf(format string, args ...any) error { return Error{fmt.Errorf(format, args...)} }
