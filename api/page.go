package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/api/web"
	"admitone/events"
)

func (s *Server) pageRoutes() {
	s.handle(fiber.MethodGet, "/", withSecurityHeaders(listPage(s.config.Views.Products, web.WriteProducts)))
	s.handle(fiber.MethodGet, "/tournaments",
		withSecurityHeaders(listPage(s.config.Views.Tournaments, web.WriteTournaments)))
	s.handle(fiber.MethodGet, "/tournaments/:id", withSecurityHeaders(s.tournamentPage))
	s.handle(fiber.MethodGet, "/performances", withSecurityHeaders(s.performancesPage))
	s.handle(fiber.MethodGet, "/performances/:id", withSecurityHeaders(s.performancePage))
	s.handle(fiber.MethodGet, "/waiting-rooms",
		withSecurityHeaders(listPage(s.config.Views.WaitingRooms, web.WriteWaitingRooms)))
	s.handle(fiber.MethodGet, "/waiting-rooms/:id", withSecurityHeaders(s.waitingRoomPage))
	s.handle(fiber.MethodGet, "/audit", withSecurityHeaders(s.auditPage))
	s.handle(fiber.MethodGet, "/cluster", withSecurityHeaders(clusterPage))
	s.handle(fiber.MethodGet, hallPath+"/:id", withSecurityHeaders(s.hallMapPage))
	for _, asset := range web.Assets() {
		s.handle(fiber.MethodGet, asset.Path, withSecurityHeaders(staticFile(asset.Body, asset.Kind)))
	}
	s.handle(fiber.MethodGet, "/docs", withSecurityHeaders(docsPage))
}

// withSecurityHeaders makes a handler set the security headers of a page.
func withSecurityHeaders(h handler) handler {
	return func(r *request) error {
		r.ctx.Set(fiber.HeaderContentSecurityPolicy, web.Policy)
		r.ctx.Set(fiber.HeaderReferrerPolicy, "no-referrer")
		return h(r)
	}
}

// listPage returns the handler of a page that shows a list.
func listPage[R any](list func(after string, limit int) ([]R, string, error),
	write func(io.Writer, web.Frame, []R) error) handler {
	return func(r *request) error {
		p, err := r.listPaging()
		if err != nil {
			return err
		}
		rows, next, err := list(p.after, p.limit)
		if err != nil {
			return err
		}
		return r.html(func(body io.Writer) error { return write(body, r.listFrame(p, next), rows) })
	}
}

// listPaging parses the paging parameters and waits for the views, so that the page shows what its visitor has just
// created. If the views are far behind, there is no error: the page shows an older list, and its script updates it.
func (r *request) listPaging() (paging, error) {
	p, err := r.paging()
	if err != nil {
		return p, err
	}
	var refused *problem
	if err := r.waitForViews(); err != nil && !(errors.As(err, &refused) && refused.code == codes.ProjectionBehind) {
		return p, err
	}
	return p, nil
}

// listFrame returns the frame of a page of a list. next is the decoded cursor of the next page, "" if this is the
// last one.
func (r *request) listFrame(p paging, next string) web.Frame {
	frame := r.frame()
	frame.First = p.after == ""
	if next != "" {
		frame.Next = base64.RawURLEncoding.EncodeToString([]byte(next))
	}
	return frame
}

// maxPageTeams is the number of entered and of waitlisted teams that a tournament's page initially shows.
const maxPageTeams = 100

// tournamentPage answers with the page of a tournament, which shows its first teams.
func (s *Server) tournamentPage(r *request) error {
	id, err := param[events.TournamentID](r, "id", "tournament")
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil { // the caller may have just created the tournament
		return err
	}
	row, err := s.tournamentNow(id)
	if err != nil {
		return err
	}
	entered, err := s.teams(id, events.EntryEntered)
	if err != nil {
		return err
	}
	waiting, err := s.teams(id, events.EntryWaitlisted)
	if err != nil {
		return err
	}
	return r.html(func(body io.Writer) error { return web.WriteTournament(body, r.frame(), &row, entered, waiting) })
}

// teams returns the first teams of a tournament with a status.
func (s *Server) teams(tournamentID events.TournamentID, status events.EntryStatus) (web.Teams, error) {
	entries, next, err := s.config.Views.Entries(tournamentID, status, 0, maxPageTeams)
	list := web.Teams{More: next > 0}
	for i := range entries {
		team, _, err := s.config.Views.Team(entries[i].TeamID)
		if err != nil {
			return list, err
		}
		list.Teams = append(list.Teams, team)
	}
	return list, err
}

// waitingRoomPage answers with the page of a waiting room. Its script polls for the visitor's place.
func (s *Server) waitingRoomPage(r *request) error {
	id, err := param[events.RoomID](r, "id", "waiting_room")
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil { // the caller may have just created the room
		return err
	}
	row, ok, err := s.config.Views.WaitingRoom(id)
	if err == nil && !ok {
		err = notFound("waiting_room")
	}
	if err != nil {
		return err
	}
	return r.html(func(body io.Writer) error { return web.WriteWaitingRoom(body, r.frame(), &row) })
}

// auditPage answers with the audit page. It is the same for every caller: its script loads the data that the caller
// may see.
func (s *Server) auditPage(r *request) error {
	return r.html(func(body io.Writer) error { return web.WriteAudit(body, r.frame(), s.config.Proofs != nil) })
}

// clusterPage answers with the page of the cluster. It is the same for every caller, too.
func clusterPage(r *request) error {
	return r.html(func(body io.Writer) error { return web.WriteCluster(body, r.frame()) })
}

// frame returns the data that every page needs.
func (r *request) frame() web.Frame {
	_, open := r.server.config.Auth.(OpenAuth)
	frame := web.Frame{Epoch: r.server.config.Store.Epoch(), Token: !open, HoldersCharge: r.server.config.HoldersCharge,
		Currency: r.server.config.Currency}
	if at := r.server.config.AsOf; at != nil {
		frame.AsOf, frame.AsOfPosition = at.Time, uint64(at.Position)
	}
	return frame
}

// docsPage answers with the description of the API.
func docsPage(r *request) error {
	body, err := web.Docs()
	if err != nil {
		return err
	}
	return staticFile(body, fiber.MIMETextHTMLCharsetUTF8)(r)
}

// html answers with a dynamic page.
func (r *request) html(write func(io.Writer) error) error {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderCacheControl, "no-cache")
	setText(r.ctx.Response(), fiber.MIMETextHTMLCharsetUTF8, body.Bytes())
	return nil
}

// contentETag returns an ETag that depends on the content.
func contentETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}
