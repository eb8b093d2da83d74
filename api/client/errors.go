package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Error is an answer of the server that says no. [errors.Is] with a [Code] tells one from another:
//
//	errors.Is(err, client.CodeSoldOut)
type Error struct {
	// Status of HTTP.
	Status int `json:"status"`
	// Code is for programs, and stable.
	Code Code `json:"code"`
	// Title and Detail are for people.
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// RequestID is in the server's log.
	RequestID string `json:"request_id"`
	// RetryAfter is when to ask again; 0 if the server does not say.
	RetryAfter time.Duration `json:"-"`

	// The members below are there with some codes, which openapi.yaml names.

	// Field that can't be, and Resource that is not there.
	Field    string `json:"field"`
	Resource string `json:"resource"`
	// Remaining is how many are left (sold_out, tournament_full), in Sections how many of each.
	Remaining int64         `json:"remaining"`
	Sections  []SectionLeft `json:"sections"`
	// Seats that are taken, and Alternatives to them.
	Seats        []string   `json:"seats"`
	Alternatives [][]string `json:"alternatives"`
	// CurrentRevision of what an edit was too late for.
	CurrentRevision int64 `json:"current_revision"`
	// Changes behind the revision that the edit was based on, the newest 20, and EarlierChanges
	// how many more.
	Changes        []HistoryLine `json:"changes"`
	EarlierChanges int64         `json:"earlier_changes"`
	// WaitingRoom whose pass is needed.
	WaitingRoom string `json:"waiting_room"`
	// OpensAt and ClosesAt are the bounds of a sale, ExpiredAt and Until those of a hold.
	OpensAt   time.Time `json:"opens_at,omitzero"`
	ClosesAt  time.Time `json:"closes_at,omitzero"`
	ExpiredAt time.Time `json:"expired_at,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	// Limit that was exceeded, and Taken so far.
	Limit int64 `json:"limit"`
	Taken int64 `json:"taken"`
	// Balance of a wallet that has less than Amount.
	Balance int64 `json:"balance"`
	Amount  int64 `json:"amount"`

	// Members are all members, those without a field too.
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

// newError reads a problem document. What is none, such as the page of a proxy, has no code.
func newError(response *http.Response, body []byte) *Error {
	e := &Error{}
	if json.Unmarshal(body, &e.Members) != nil || json.Unmarshal(body, e) != nil || e.Code == "" {
		e = &Error{Detail: "the server answered " + response.Status}
	}
	e.Status = response.StatusCode
	e.RetryAfter = retryAfter(response.Header.Get("Retry-After"), time.Now())
	return e
}

// retryAfter reads Retry-After: seconds, or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<30)) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// Unanswered is the error of a call whose outcome is unknown: no answer came, or only that the
// server can't say. A command may be sent again with the same body and [Key](Key): it is not done
// twice.
type Unanswered struct {
	// Key is the Idempotency-Key of a command by POST, else "".
	Key string
	// Err is that of the last attempt.
	Err error
}

// Error implements error.
func (u *Unanswered) Error() string { return "the outcome is unknown: " + u.Err.Error() }

// Unwrap returns the error of the last attempt.
func (u *Unanswered) Unwrap() error { return u.Err }
