package kinds

import (
	"net/http"

	"admitone/events"
)

// Request is a request that a replay sends to its target.
type Request struct {
	Method string
	// Path may contain an id from the log in angle brackets, which the replay replaces by the id that
	// the target chose.
	Path string
	Body any
	// Needs lists the resources on which the request depends.
	Needs []Need
	// Creates is the id, in the log, of the created entity, if the target chooses a different id.
	Creates string
	// Edit means that the revision has to be read first.
	Edit bool
	// Setup means that the request puts something on sale or charges a wallet. It is sent even if it
	// precedes the range.
	Setup bool
	// Async means that the target continues the work after its answer, until a GET of the path
	// returns the status done.
	Async bool
	// System means that the request represents a deadline, so that any answer is accepted.
	System bool
	// Status is the status required in the answer, and Outcome the required outcome of an external
	// payment; "" for any.
	Status, Outcome string
}

// Need is a resource on which a request depends: a stream, or a reservation.
type Need struct {
	Resource string
	Use      Use
}

// Use is how a request uses a resource.
type Use int

const (
	// Exclusive waits for all earlier requests, and all later ones wait for it.
	Exclusive Use = iota
	// Acquire waits for earlier releases.
	Acquire
	// Release waits only for earlier exclusive requests.
	Release
	// Shared waits only for earlier exclusive requests, and only exclusive ones wait for it.
	Shared
)

// LongHold is the duration of holds on the target, in seconds. It is so long that holds do not expire
// there: the replay releases each hold that expired in the log.
const LongHold = 86_400

// InTime is the query with which a return overrides the cancellation policy of the target, whose clock is later than
// the recorded return.
const InTime = "?override=true&reason=replayed"

// cancellationOf returns a cancellation policy in the form of a request body, nil for a default.
func cancellationOf(rule events.Cancellation) any {
	if rule.Until.IsZero() {
		return nil
	}
	return members{"until": rule.Until, "refund_percent": rule.RefundPercent}
}

// members is a JSON object.
type members = map[string]any

// WithOrderData adds the order data of a fact to the body of a request.
func WithOrderData(body map[string]any, o *events.OrderData) map[string]any {
	if o.Reference != "" {
		body["reference"] = o.Reference
	}
	if len(o.Metadata) > 0 {
		pairs := map[string]string{}
		for _, pair := range o.Metadata {
			pairs[pair.Name] = pair.Value
		}
		body["metadata"] = pairs
	}
	return body
}

// Post returns a POST request.
func Post(path string, body any, needs ...Need) *Request {
	return &Request{Method: http.MethodPost, Path: path, Body: body, Needs: needs}
}

// Delete returns a DELETE request.
func Delete(path string, needs ...Need) *Request {
	return &Request{Method: http.MethodDelete, Path: path, Needs: needs}
}

// setup sets [Request.Setup].
func setup(r *Request) []*Request {
	r.Setup = true
	return []*Request{r}
}

// On returns the need for a stream.
func On(stream events.StreamID, use Use) Need { return Need{string(stream), use} }
