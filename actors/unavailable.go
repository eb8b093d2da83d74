package actors

import "strings"

// unavailableError is an ErrUnavailable with a cause, whose text names what is unavailable once.
type unavailableError struct{ cause error }

// Unavailable returns err as an ErrUnavailable.
func Unavailable(err error) error { return &unavailableError{err} }

// Error implements error.
func (u *unavailableError) Error() string {
	if text := u.cause.Error(); strings.HasPrefix(text, ErrUnavailable.Error()) { // the store's error has the same text
		return text
	}
	return ErrUnavailable.Error() + ": " + u.cause.Error()
}

// Unwrap returns ErrUnavailable and the cause.
func (u *unavailableError) Unwrap() []error { return []error{ErrUnavailable, u.cause} }
