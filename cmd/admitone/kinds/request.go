package kinds

import (
	"net/http"

	"admitone/events"
)

// Request is a request that a replay sends to its target.
type Request struct {
	Method string
	// Path may contain an id from the log in angle brackets, which the replay replaces with the id that the
	// target chose.
	Path string
	Body any
	// Needs has the resources that the request uses, which determine its order among the other requests.
	Needs []Need
	// Creates is the id in the log of the created entity, if the target chooses an id of its own; else "".
	Creates string
	// Edit means that the replay has to read the entity's revision first, for If-Match.
	Edit bool
	// Setup means that the request prepares a sale, such as by creating a product or charging a wallet. It is sent
	// even if it precedes the replayed range.
	Setup bool
	// Async means that the target continues the work after its answer, until a GET of the path returns the status
	// done.
	Async bool
	// System means that the request reproduces an expiry, not a request of a client. Any answer is accepted.
	System bool
	// Status and Outcome are the required members status and, of an external payment, outcome of the answer; "" for
	// any.
	Status, Outcome string
}

// Need is a resource that a request uses: a stream or a reservation.
type Need struct {
	Resource string
	Use      Use
}

// Use says how a request uses a resource, and so for which requests it waits.
type Use int

const (
	// Exclusive waits for all earlier requests, and all later requests wait for it.
	Exclusive Use = iota
	// Acquire waits for earlier releases and exclusive requests.
	Acquire
	// Release waits only for earlier exclusive requests.
	Release
	// Shared waits only for earlier exclusive requests, and only exclusive ones wait for it.
	Shared
)

// LongHold is the duration of holds on the target, in seconds. It is so long that holds do not expire there;
// instead, the replay releases each hold that expired in the log.
const LongHold = 86_400

// InTime is the query with which a release overrides the cancellation policy of the target, since the recorded
// release was earlier than the replay.
const InTime = "?override=true&reason=replayed"

// cancellationOf returns a cancellation policy as a member of a request body, or nil for the default policy.
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

// On returns the need for a stream, with its use.
func On(stream events.StreamID, use Use) Need { return Need{string(stream), use} }
