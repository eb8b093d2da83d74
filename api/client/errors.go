package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Error is an error response of the server. Use [errors.Is] with a [Code] to distinguish them:
//
//	errors.Is(err, client.CodeSoldOut)
type Error struct {
	// Status is the HTTP status.
	Status int `json:"status"`
	// Code is stable and meant for programs; "" if the response is not a problem document.
	Code Code `json:"code"`
	// Title and Detail are for people.
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// RequestID identifies the request in the server's log.
	RequestID string `json:"request_id"`
	// RetryAfter is the time to wait before a retry; 0 if the server sends none.
	RetryAfter time.Duration `json:"-"`

	// The members below are set with some codes; see openapi.yaml.

	// Field is the invalid field, Resource the kind of resource that was not found.
	Field    string `json:"field"`
	Resource string `json:"resource"`
	// Remaining is the number left (sold_out, tournament_full), also by section and area.
	Remaining int64         `json:"remaining"`
	Sections  []SectionLeft `json:"sections"`
	Areas     []AreaLeft    `json:"areas"`
	// Seats has the taken seats, Alternatives groups of free seats.
	Seats        []string   `json:"seats"`
	Alternatives [][]string `json:"alternatives"`
	// CurrentRevision is the revision of the resource that an edit was stale for.
	CurrentRevision int64 `json:"current_revision"`
	// Changes are the newest 20 since the revision on which the edit was based, EarlierChanges the
	// number of older ones.
	Changes        []HistoryLine `json:"changes"`
	EarlierChanges int64         `json:"earlier_changes"`
	// WaitingRoom is the room whose pass is required.
	WaitingRoom string `json:"waiting_room"`
	// OpensAt and ClosesAt are the bounds of a sale, ExpiredAt the end of a hold, and Until the end
	// of the period of the refusal (cancellation_closed, limit_exceeded).
	OpensAt   time.Time `json:"opens_at,omitzero"`
	ClosesAt  time.Time `json:"closes_at,omitzero"`
	ExpiredAt time.Time `json:"expired_at,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	// Limit is the limit that would be exceeded, Taken the used part.
	Limit int64 `json:"limit"`
	Taken int64 `json:"taken"`
	// Balance is the wallet's, less than Amount, in minor units.
	Balance int64 `json:"balance"`
	Amount  int64 `json:"amount"`

	// Members are all members of the problem document, including those without a field here.
	Members map[string]json.RawMessage `json:"-"`
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Code, e.Detail)
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	return text
}

// Is reports whether target is the error's [Code].
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && e.Code == code
}

// Error implements error, so that a code can be the target of [errors.Is].
func (c Code) Error() string { return string(c) }

// newError parses a problem document. For any other body, such as the page of a proxy, Code is "".
func newError(response *http.Response, body []byte) *Error {
	e := &Error{}
	if json.Unmarshal(body, &e.Members) != nil || json.Unmarshal(body, e) != nil || e.Code == "" {
		e = &Error{Detail: "the server answered " + response.Status}
	}
	e.Status = response.StatusCode
	e.RetryAfter = retryAfter(response.Header.Get("Retry-After"), time.Now())
	return e
}

// retryAfter parses Retry-After, which is in seconds or a date. It returns 0 if it is invalid.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<30)) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// Unanswered is the error of a call whose outcome is unknown: there was no response, or one that leaves
// it open. A command may be repeated with the same body and [Key](Key): it is not executed twice.
type Unanswered struct {
	// Key is the Idempotency-Key of the call, "" if it had none.
	Key string
	// Err is the error of the last attempt.
	Err error
}

// Error implements error.
func (u *Unanswered) Error() string { return "the outcome is unknown: " + u.Err.Error() }

// Unwrap returns the error of the last attempt.
func (u *Unanswered) Unwrap() error { return u.Err }
