package api

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

// Role determines what a caller may do.
type Role string

// The roles, as listed by x-roles in openapi.yaml.
const (
	// RoleHolder acts for itself.
	RoleHolder Role = "holder"
	// RoleAuditor reads everything, and acts only for itself.
	RoleAuditor Role = "auditor"
	// RoleService sells and takes payments for others: it may act for any holder.
	RoleService Role = "service"
	// RoleDoor only checks tickets.
	RoleDoor Role = "door"
	// RoleAdmin may do everything.
	RoleAdmin Role = "admin"
)

// roleNames lists all roles, for messages.
const roleNames = "holder, auditor, service, door, admin"

func (r Role) known() bool {
	switch r {
	case RoleHolder, RoleAuditor, RoleService, RoleDoor, RoleAdmin:
		return true
	}
	return false
}

// caller is the sender of a request. The zero caller is anonymous and may read the catalogue.
type caller struct {
	sub  events.Holder
	role Role
	key  bool // authenticated by an API key; sub is the key's name
	open bool // open mode: no authentication, the body names the holder
}

// name returns the actor in the metadata of events.
func (c caller) name() string {
	switch {
	case c.sub != "":
		return string(c.sub)
	case c.open:
		return "anyone"
	}
	return "nobody"
}

// Auth identifies the sender of a request.
type Auth interface {
	// caller returns the sender of c. Credentials are checked as of now. Error: a [*core.Refusal] for
	// invalid ones.
	caller(c *fiber.Ctx, now time.Time) (caller, error)
}

// requireRole refuses callers with none of the roles.
func (c caller) requireRole(roles ...Role) error {
	if slices.Contains(roles, c.role) {
		return nil
	}
	if c.sub == "" {
		return refuse(codes.Unauthenticated, "authentication is required: send Authorization: Bearer and a token")
	}
	return refuse(core.CodeForbidden, "your role may not do this")
}

// requireActor refuses callers that can't act for a holder. All others act for themselves or, with
// [caller.serves], for every holder.
func (c caller) requireActor() error {
	return c.requireRole(RoleHolder, RoleAuditor, RoleService, RoleAdmin)
}

// serves reports whether the caller may act for every holder. It is exempt from limits per holder.
func (c caller) serves() bool { return c.role == RoleService || c.role == RoleAdmin }

// holder returns the holder of a command: the caller, or the one named in the body, which is allowed in
// open mode and for services and admins. Error: a [*core.Refusal].
func (c caller) holder(named events.Holder) (events.Holder, error) {
	if err := c.requireActor(); err != nil {
		return "", err
	}
	switch {
	case c.key && named == "":
		return "", invalidField("holder", "an API key has no holder of its own; name the holder")
	case !c.open && named == "":
		return c.sub, nil
	case !c.open && named != c.sub && !c.serves():
		return "", refuse(core.CodeForbidden, "you may act only for yourself, and holder names somebody else")
	}
	if rule := holderFault(string(named)); rule != "" {
		return "", invalidField("holder", rule)
	}
	return named, nil
}

// holder is [caller.holder]. In open mode the holder becomes the caller.
func (r *request) holder(named events.Holder) (holder events.Holder, err error) {
	if holder, err = r.caller.holder(named); err == nil && r.caller.open {
		r.caller.sub = holder
	}
	return holder, err
}

// only returns the holder to whose resources the caller is restricted: itself, or "" for no restriction,
// which admins and the given roles have.
func (c caller) only(others ...Role) (events.Holder, error) {
	if err := c.requireActor(); err != nil {
		return "", err
	}
	if c.role == RoleAdmin || slices.Contains(others, c.role) {
		return "", nil
	}
	return c.sub, nil
}
