package pebbledb

import "strings"

// FirstLine returns an error with only the first line of err's text. Pebble's errors about damaged bytes have further
// lines with details. The result unwraps to err.
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
