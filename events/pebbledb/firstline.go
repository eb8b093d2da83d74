package pebbledb

import "strings"

// FirstLine returns err with its text cut after the first line. Pebble appends lines to errors
// about damaged bytes that carry details for programs; errors.Is and errors.As still find them.
func FirstLine(err error) error {
	text, _, more := strings.Cut(err.Error(), "\n")
	if !more {
		return err
	}
	return &firstLine{text, err}
}

type firstLine struct {
	text string
	err  error
}

func (e *firstLine) Error() string { return e.text }
func (e *firstLine) Unwrap() error { return e.err }
