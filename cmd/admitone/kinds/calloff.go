package kinds

import (
	"fmt"
	"io"

	"admitone/actors/calloff"
	"admitone/actors/core"
	"admitone/cmd/admitone/load"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// A calloff is the progress of a cancellation by the organiser. The cancellation itself is a request to the
// cancelled entity, and belongs to the kind of that.
var _ = register(&Kind{
	Name:     "calloff",
	Rules:    calloff.Kind,
	Show:     showing(row.CallOffAt, callOffText, appendCallOff),
	Command:  func(*demand.Request, events.RoomID) (core.Command, error) { return nil, nil },
	Requests: func(*demand.Request) []*Request { return nil },

	Scenario:    "sale",
	NewScenario: load.Sale,
})

func callOffStatus(c *row.CallOff) string {
	if c.Swept {
		return "done"
	}
	return "running"
}

func callOffText(out io.Writer, c *row.CallOff) error {
	_, err := fmt.Fprintf(out, "calloff/%s  %s\n  of         %s/%s, because: %q\n  ended      %d\n"+
		"  server     %s, term %d, reached %d\n  revision   %d, position %d\n  begun      %s\n",
		c.ID, callOffStatus(c), c.Of, c.Entity, c.Reason, c.Ended, c.Node, c.Term, c.Reached, c.Revision, c.Position,
		events.FormatTime(c.Created))
	return err
}

func appendCallOff(dst []byte, c *row.CallOff, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("of", c.Of)
	o.String("id", c.Entity)
	o.String("status", callOffStatus(c))
	o.String("reason", c.Reason)
	o.Int("ended", c.Ended)
	o.Int("reached", int64(c.Reached))
	return closeShown(&o, int64(c.Revision), int64(c.Position), at)
}

// cancelRequest returns the request that cancels an entity on the target of a replay.
func cancelRequest(request *demand.Request, collection, reason string) []*Request {
	r := Post("/v1/"+collection+"/"+request.Stream.Entity()+"/cancellation", members{"reason": reason}, On(request.Stream, Exclusive))
	r.Async = true
	return []*Request{r}
}

// cancelledText describes a cancellation by the organiser. It returns "" if there is none.
func cancelledText(c *row.Cancelled) string {
	if c.Fence == 0 {
		return ""
	}
	return fmt.Sprintf(", cancelled at %s: %q", events.FormatTime(c.At), c.Reason)
}
