package api

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/plan"
	"admitone/api/codes"
	"admitone/api/input"
	"admitone/events"
	"admitone/projections/row"
)

const (
	plansPath = "/v1/plans"
	// maxPlanBody bounds the body of a request with a seating plan, in bytes.
	maxPlanBody = 32 << 20
)

func init() {
	register(kind{collection: "plans", rules: plan.Kind, routes: (*Server).planRoutes})
}

func (s *Server) planRoutes() {
	plans := &resource[row.Plan, events.PlanID]{
		name: "plan", path: plansPath, server: s, stream: plan.Stream,
		list: s.config.Views.Plans, get: s.config.Views.Plan, at: inLog(s, row.PlanAt),
		head: func(p *row.Plan) (events.PlanID, *events.Revision, *events.Position) {
			return p.ID, &p.Revision, &p.Position
		},
		now: planNow, write: AppendPlan,
	}
	s.handle(fiber.MethodPost, plansPath, func(r *request) error { return s.createPlan(r, plans) })
	s.handle(fiber.MethodGet, plansPath, s.limitPastReads(plans.listPage))
	s.handle(fiber.MethodGet, plansPath+"/:id", s.limitPastReads(s.getPlan))
}

// createPlan stores a plan in parts and seals it: 201, or 200 if an identical one exists. It stores one plan at a time,
// because that may take several hundred megabytes of memory.
func (s *Server) createPlan(r *request, plans *resource[row.Plan, events.PlanID]) error {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return err
	}
	select {
	case s.planning <- struct{}{}:
		defer func() { <-s.planning }()
	default:
		return refuse(core.CodeOverloaded, "another seating plan is being stored; try again in a moment")
	}
	body := r.body()
	if len(body) > maxPlanBody {
		return largeBodyOf(&r.ctx.Request().Header).tooLarge
	}
	if err := r.sendsJSON(); err != nil {
		return err
	}
	given, hall, err := input.DecodePlan(body, bodyPart)
	if err != nil {
		return err
	}
	id := &given.ID
	if given.ID == "" {
		id = nil
	}
	planID, err := newID(r, id)
	if err != nil {
		return err
	}
	text := events.AppendPlan(nil, given, events.PlanComplete)
	seal := &plan.Seal{ID: planID, Digest: events.PlanDigest(text), Bytes: int64(len(text)),
		DisplayName: hall.DisplayName, Seats: int64(hall.Seats()), Places: hall.Places()}
	r.hashed = []byte(string(planID) + " " + seal.Digest)
	given, hall = nil, nil
	if err := s.storePlan(r, seal, text); err != nil {
		return err
	}
	answer, err := r.dispatchNew(plan.Stream(planID), seal)
	if err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, plansPath+"/"+string(planID))
	if len(answer.Facts) == 0 {
		return plans.answerNow(r, planID)
	}
	r.setETag(answer.Revision)
	sealed := row.Plan{ID: planID, Name: seal.DisplayName, Seats: seal.Seats, Places: seal.Places,
		Revision: answer.Revision, Position: answer.Position}
	return r.json(fiber.StatusCreated, AppendPlan(nil, &sealed, nil))
}

// storePlan stores the missing parts of a plan, unless it is sealed. Each part is a command of its own, because stores
// limit the size of an append. After a failure the next request continues with the first missing part.
func (s *Server) storePlan(r *request, seal *plan.Seal, text []byte) error {
	var stored plan.State
	if _, err := s.config.Desk.View(context.Background(), plan.Stream(seal.ID), func(c core.Core) {
		stored = c.(*plan.Plan).State()
	}); err != nil || stored.Sealed {
		return err
	}
	remaining := text
	if stored.Digest == seal.Digest {
		remaining = text[min(stored.Bytes, seal.Bytes):]
	}
	for len(remaining) > 0 {
		var part []byte
		offset := seal.Bytes - int64(len(remaining))
		part, remaining = events.CutPlanPart(remaining)
		if _, err := s.config.Desk.Ask(context.Background(), actors.Request{
			Stream: plan.Stream(seal.ID), ID: r.newCommandID(), CorrelationID: r.id, CausationID: r.id,
			Actor:   r.caller.name(),
			Command: &plan.AddPart{ID: seal.ID, Digest: seal.Digest, Offset: offset, Text: string(part)},
		}); err != nil {
			return err
		}
	}
	return nil
}

// getPlan answers with the complete text of a plan, or with the plan in the format of pretix.
func (s *Server) getPlan(r *request) error {
	id, err := param[events.PlanID](r, "id", "plan")
	if err != nil {
		return err
	}
	format := r.ctx.Query("format")
	if format != "" && format != "pretix" {
		return refuse(codes.BadParameter, "format must be pretix, or be omitted")
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	found, ok, err := s.config.Views.Plan(id)
	if err != nil {
		return err
	}
	if !ok || at != nil && at.Position < found.Position { // a plan never changes
		return notFound("plan")
	}
	r.ctx.Set(fiber.HeaderCacheControl, "max-age=31536000, immutable")
	if r.setETag(found.Revision) {
		return r.notModified()
	}
	if format == "pretix" {
		return s.sendPretixPlan(r, &found)
	}
	r.ctx.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	r.ctx.Set(headerPosition, strconv.FormatUint(uint64(found.Position), 10))
	r.ctx.Status(fiber.StatusOK)
	part := int64(0)
	r.ctx.Context().Response.SetBodyStream(&streamBody{
		conn: r.ctx.Context().Conn(), stall: s.config.StallAfter,
		fill: func(dst []byte) ([]byte, bool, error) {
			text, err := s.config.Views.PlanText(found.ID, part)
			if err != nil {
				return dst, false, err
			}
			if part == 0 { // the members of the resource come first
				dst = appendPlanHead(dst, &found, at, false)
				dst[len(dst)-1], text = ',', text[1:]
			}
			dst = append(dst, text...)
			if part++; part == found.Parts {
				dst = append(dst, '\n')
			}
			return dst, part < found.Parts, nil
		},
	}, -1)
	return nil
}

// sendPretixPlan answers with a plan in the format of pretix. Only one such plan is in memory at a time, until it is
// sent.
func (s *Server) sendPretixPlan(r *request, found *row.Plan) error {
	select {
	case s.pretix <- struct{}{}:
	default:
		return refuse(core.CodeOverloaded, "another seating plan is being sent in this form; try again in a moment")
	}
	release := func() { <-s.pretix }
	text, err := s.pretixPlan(found)
	if err != nil {
		release()
		return err
	}
	r.ctx.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	r.ctx.Status(fiber.StatusOK)
	r.ctx.Context().Response.SetBodyStream(&streamBody{
		conn: r.ctx.Context().Conn(), stall: s.config.StallAfter, stop: release,
		fill: func([]byte) ([]byte, bool, error) { return text, false, nil },
	}, len(text))
	return nil
}

// pretixPlan returns a plan in the format of pretix. The whole text has to be in memory for that.
func (s *Server) pretixPlan(found *row.Plan) ([]byte, error) {
	text := make([]byte, 0, found.Bytes)
	for part := range found.Parts {
		piece, err := s.config.Views.PlanText(found.ID, part)
		if err != nil {
			return nil, err
		}
		text = append(text, piece...)
	}
	parsed, err := events.ParsePlan(text)
	if err != nil {
		return nil, err
	}
	return append(events.AppendPlan(text[:0], parsed, events.PlanPretix), '\n'), nil
}

// planNow converts the state of a plan's entity to a row.
func planNow(c core.Core) row.Plan {
	state := c.(*plan.Plan).State()
	return row.Plan{ID: state.ID, Name: state.DisplayName, Seats: state.Seats, Places: state.Places, Sealed: state.Sealed}
}

// AppendPlan appends the summary of a seating plan as the HTTP resource, with as_of unless at is nil.
func AppendPlan(dst []byte, p *row.Plan, at *row.Moment) []byte {
	return appendPlanHead(dst, p, at, true)
}

// appendPlanHead appends the summary of a plan. withName is false if the plan's text follows, which has the name.
func appendPlanHead(dst []byte, p *row.Plan, at *row.Moment, withName bool) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(p.ID))
	if withName {
		o.String("name", p.Name)
	}
	o.Int("seats", p.Seats)
	o.Int("places", p.Places)
	o.Int("revision", int64(p.Revision))
	o.Int("position", int64(p.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
