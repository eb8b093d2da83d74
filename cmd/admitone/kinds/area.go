package kinds

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"admitone/actors/area"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// areaKind is an area of a performance with counted places.
var areaKind = register(&Kind{
	Name:     "area",
	Rules:    area.Kind,
	Show:     showing(row.AreaAt, areaText, appendArea),
	Command:  areaCommand,
	Requests: areaRequests,
})

// areaCommand returns the commands of organisers. Bookings send all others.
func areaCommand(request *demand.Request, _ events.RoomID) (core.Command, error) {
	switch f := request.Fact.(type) {
	case *events.AreaResized:
		return &area.Resize{Capacity: f.Places, Change: f.Change, Undo: f.Undo}, nil
	case *events.AreaBlocked:
		return &area.Block{Label: f.Label, Places: f.Kept, Capacity: f.Capacity(), Change: f.Change}, nil
	case *events.AreaUnblocked:
		return &area.Unblock{Label: f.Label, Capacity: f.Capacity(), Change: f.Change, Undo: f.Undo}, nil
	}
	return nil, nil
}

// areaRequests returns the requests that block places. Edits of the performance set the capacities.
func areaRequests(request *demand.Request) []*Request {
	show, id := events.CutPerformance(request.Stream.Entity())
	r := &Request{Path: "/v1/performances/" + string(show) + "/blocks",
		Needs: []Need{On(performance.Stream(show), Exclusive), On(request.Stream, Exclusive)}}
	switch f := request.Fact.(type) {
	case *events.AreaBlocked:
		r.Method, r.Body = http.MethodPut, members{"areas": members{id: f.Kept}, "label": f.Label}
	case *events.AreaUnblocked:
		if f.Places == 0 {
			return nil
		}
		r.Method, r.Path = http.MethodDelete, r.Path+"?label="+url.QueryEscape(string(f.Label))
	default:
		return nil
	}
	return setup(r)
}

func areaText(out io.Writer, a *row.OneArea) error {
	_, err := fmt.Fprintf(out, `area/%s
  remaining  %d of %d, %d held, %d booked, %d blocked
  revision   %d, position %d
  changed    %s
`, events.OfPerformance(a.PerformanceID, string(a.ID)), a.Remaining, a.Capacity(), a.Held, a.Booked, a.Blocked,
		a.Revision, a.Position, events.FormatTime(a.Updated))
	return err
}

func appendArea(dst []byte, a *row.OneArea, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("performance_id", string(a.PerformanceID))
	o.String("area", string(a.ID))
	o.Int("capacity", a.Capacity())
	o.Int("remaining", a.Remaining)
	o.Int("held", a.Held)
	o.Int("booked", a.Booked)
	if a.Blocked > 0 {
		o.Int("blocked", a.Blocked)
	}
	return closeShown(&o, int64(a.Revision), int64(a.Position), at)
}

// BookingBody returns the body of a request that books seats and places.
func BookingBody(holder events.Holder, seats []events.SeatName, areas []events.WantedPlaces) map[string]any {
	body := map[string]any{"holder": holder}
	if len(seats) > 0 {
		body["seats"] = seats
	}
	if len(areas) > 0 {
		places := map[events.AreaID][]map[string]any{}
		for _, a := range areas {
			typed := map[string]any{"quantity": a.Quantity}
			if a.PriceType != "" {
				typed["price_type"] = a.PriceType
			}
			places[a.Area] = append(places[a.Area], typed)
		}
		body["areas"] = places
	}
	return body
}
