package replay

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"admitone/events"
	"admitone/projections/demand"
)

// sending is a request as it goes out.
type sending struct {
	method, path, body string
	key, ifMatch       string
}

// request is what a wish, or a deadline, comes to.
type request struct {
	method string
	// path and body; ids in angle brackets in the path are looked up before it goes out.
	path string
	body any
	// needs are the lanes it depends on.
	needs []need
	// made is the id, in the log, of what it makes.
	made string
	// edit says that the revision has to be read before.
	edit bool
	// house says that it stands for a deadline: no answer of it is wrong.
	house bool
	// status that the answer has to have, if it is said.
	status string
}

// booked is what is known of a booking of the log.
type booked struct {
	performance, holder string
	seats               []string
	late                bool // its time ran out, and it was paid all the same
	over                bool // it was given back here because its time ran out
}

// lane names, by what they are about.
func onProduct(stream events.StreamID) string    { return string(stream) }
func onReservation(id string) string             { return "reservation-" + id }
func onSeat(performance, seat string) string     { return "seat-" + performance + "~" + seat }
func onAllowance(performance, who string) string { return "allowance-" + performance + "~" + who }
func onWallet(holder string) string              { return "wallet-" + holder }
func onPerformance(id string) string             { return "performance-" + id }
func onTeam(id string) string                    { return "team-" + id }

// longHold is how long holds last on the other server, in seconds: they don't run out by
// themselves, they are given back when they ran out in the log.
const longHold = 86_400

type members = map[string]any

func post(path string, body any, needs ...need) *request {
	return &request{method: http.MethodPost, path: path, body: body, needs: needs}
}

func remove(path string, needs ...need) *request {
	return &request{method: http.MethodDelete, path: path, needs: needs}
}

// requestsOf are the requests that a wish comes to; none if it is left out, and why.
func (p *player) requestsOf(w *demand.Wish) (all []*request, leftOut string) {
	switch w.Stream.Category() {
	case "waitingroom":
		return nil, noRooms
	case "seat":
		return p.aboutSeat(w), ""
	}
	if f, ok := w.Fact.(*events.RefusalRecorded); ok {
		return p.refused(f, w)
	}
	for _, about := range []func(*demand.Wish) *request{p.aboutProduct, p.aboutTournament, p.aboutBooking, p.aboutHolder} {
		if r := about(w); r != nil {
			return []*request{r}, ""
		}
	}
	if f, ok := w.Fact.(*events.ProductExpired); ok {
		for i := range f.Expired {
			r := remove("/v1/products/"+w.Stream.Entity()+"/reservations/<"+f.Expired[i].ReservationID+">",
				need{onProduct(w.Stream), give}, need{onReservation(f.Expired[i].ReservationID), alone})
			r.house = true
			all = append(all, r)
		}
		return all, ""
	}
	return nil, "what began before, and late payments that failed"
}

func (p *player) aboutProduct(w *demand.Wish) *request {
	id, path := w.Stream.Entity(), "/v1/products/"+w.Stream.Entity()
	reserve := func(rid, holder string, quantity int64, hold bool) *request {
		r := post(path+"/reservations", members{"holder": holder, "quantity": quantity, "hold": hold},
			need{onProduct(w.Stream), take}, need{onReservation(rid), alone})
		r.made = rid
		return r
	}
	switch f := w.Fact.(type) {
	case *events.ProductCreated:
		return post("/v1/products", members{"id": id, "name": f.DisplayName, "stock": f.Stock, "price": f.Price,
			"limit_per_holder": f.LimitPerHolder, "hold_seconds": longHold}, need{onProduct(w.Stream), alone})
	case *events.ProductEdited:
		return &request{method: http.MethodPatch, path: path, edit: true, needs: []need{{onProduct(w.Stream), alone}},
			body: members{"name": f.DisplayName, "stock": f.Stock, "price": f.Price, "limit_per_holder": f.LimitPerHolder}}
	case *events.ProductReserved:
		return reserve(f.ReservationID, f.Holder, f.Quantity, false)
	case *events.ProductHeld:
		return reserve(f.ReservationID, f.Holder, f.Quantity, true)
	case *events.ProductConfirmed:
		return post(path+"/reservations/<"+f.ReservationID+">/confirm", nil,
			need{onProduct(w.Stream), touch}, need{onReservation(f.ReservationID), alone})
	case *events.ProductReleased:
		return remove(path+"/reservations/<"+f.ReservationID+">", need{onProduct(w.Stream), give}, need{onReservation(f.ReservationID), alone})
	}
	return nil
}

func (p *player) aboutTournament(w *demand.Wish) *request {
	path, here := "/v1/tournaments/"+w.Stream.Entity(), need{string(w.Stream), alone}
	enter := func(teams []string, status events.EntryStatus) *request {
		r := post(path+"/entries", entryOf(teams), here)
		for _, team := range teams {
			r.needs = append(r.needs, need{onTeam(team), touch})
		}
		r.status = string(status)
		return r
	}
	switch f := w.Fact.(type) {
	case *events.TeamRegistered:
		return post("/v1/teams", members{"id": f.TeamID, "name": f.DisplayName}, need{onTeam(f.TeamID), alone})
	case *events.TournamentCreated:
		return post("/v1/tournaments", members{"id": f.TournamentID, "name": f.DisplayName, "team_limit": f.TeamLimit,
			"register_deadline": open(f.RegisterDeadline), "waitlist": f.Waitlist, "waitlist_rule": f.WaitlistRule}, here)
	case *events.TournamentEdited:
		return &request{method: http.MethodPatch, path: path, edit: true, needs: []need{here}, body: members{"name": f.DisplayName,
			"team_limit": f.TeamLimit, "register_deadline": open(f.RegisterDeadline), "status": f.Status}}
	case *events.TournamentEntered:
		return enter(f.TeamIDs, events.EntryEntered)
	case *events.TournamentWaitlisted:
		return enter(f.TeamIDs, events.EntryWaitlisted)
	case *events.TournamentWithdrawn:
		return remove(path+"/entries/"+f.TeamID, here)
	}
	return nil
}

// open moves a deadline for entry out of the way: who came too late is not in the log.
func open(deadline time.Time) time.Time { return deadline.AddDate(100, 0, 0) }

func entryOf(teams []string) members {
	if len(teams) == 1 {
		return members{"team_id": teams[0]}
	}
	return members{"team_ids": teams}
}

func (p *player) aboutBooking(w *demand.Wish) *request {
	if f, ok := w.Fact.(*events.BookingHeld); ok {
		b := p.bookings[f.BookingID]
		return &request{method: http.MethodPost, path: "/v1/performances/" + f.PerformanceID + "/bookings", made: f.BookingID,
			body: members{"holder": f.Holder, "seats": b.seats}, needs: append(b.places(), need{"booking-" + f.BookingID, alone})}
	}
	id := w.Stream.Entity()
	b := p.bookings[id]
	if b == nil {
		return nil
	}
	path, here, wallet := "/v1/bookings/<"+id+">", need{"booking-" + id, alone}, need{onWallet(b.holder), alone}
	switch w.Fact.(type) {
	case *events.BookingPaymentStarted:
		if b.over {
			return nil
		}
		return post(path+"/payment", members{}, append(b.places(), here, wallet)...)
	case *events.BookingExtended:
		return post(path+"/extension", nil, here)
	case *events.BookingReleased:
		return remove(path, append(b.places(), here, wallet)...)
	case *events.BookingExpired:
		if b.late {
			return &request{} // it goes on here, until it is paid
		}
		b.over = true
		r := remove(path, append(b.places(), here, wallet)...)
		r.house = true
		return r
	}
	return nil
}

// places are the lanes of what a booking takes.
func (b *booked) places() []need {
	needs := []need{{onPerformance(b.performance), touch}, {onAllowance(b.performance, b.holder), alone}}
	for _, seat := range b.seats {
		needs = append(needs, need{onSeat(b.performance, seat), alone})
	}
	return needs
}

func (p *player) aboutSeat(w *demand.Wish) []*request {
	performance, seat := events.CutPerformance(w.Stream.Entity())
	r := &request{path: "/v1/performances/" + performance + "/seats/" + seat + "/block",
		needs: []need{{onPerformance(performance), touch}, {onSeat(performance, seat), alone}}}
	switch w.Fact.(type) {
	case *events.SeatBlocked:
		r.method = http.MethodPut
	case *events.SeatUnblocked:
		r.method = http.MethodDelete
	default:
		return nil // held for a moment, by somebody who was refused
	}
	return []*request{r}
}

func (p *player) aboutHolder(w *demand.Wish) *request {
	switch f := w.Fact.(type) {
	case *events.WalletCharged:
		holder := w.Stream.Entity()
		return post("/v1/wallets/"+url.PathEscape(holder)+"/charges", members{"amount": f.Amount}, need{onWallet(holder), alone})
	case *events.PerformanceCreated:
		sections := make([]members, len(f.Sections))
		for i, s := range f.Sections {
			sections[i] = members{"id": s.ID, "name": s.DisplayName, "rows": s.Rows, "seats_per_row": s.SeatsPerRow, "price": s.Price}
			if s.DisplayName == "" {
				delete(sections[i], "name")
			}
		}
		return post("/v1/performances", members{"id": f.PerformanceID, "title": f.Title, "venue": f.Venue, "starts_at": f.StartsAt,
			"hold_seconds": longHold, "limit_per_holder": f.LimitPerHolder, "sections": sections}, need{onPerformance(f.PerformanceID), alone})
	}
	return nil
}

// sending makes a request ready to go out. known looks ids of the log up; ok is false if
// what it is about never came about on the other server.
func (r *request) sending(known func(id string) (string, bool)) (s *sending, ok bool, err error) {
	s = &sending{method: r.method, path: r.path}
	if before, rest, found := strings.Cut(r.path, "<"); found {
		id, after, _ := strings.Cut(rest, ">")
		mine, ok := known(id)
		if !ok {
			return nil, false, nil
		}
		s.path = before + mine + after
	}
	if r.body != nil {
		body, err := json.Marshal(r.body)
		if err != nil {
			return nil, false, err
		}
		s.body = string(body)
	}
	return s, true, nil
}
