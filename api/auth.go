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
	sub  events.Holder // as in a token's claim of this name
	role Role
	key  bool // authenticated by an API key, whose name is sub
	open bool // not authenticated, because the server runs in open mode; the body names the holder
}

// name returns the name of the caller in the metadata of events.
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
	// caller returns the sender of c. Credentials must be valid at the time now. Error: a refusal, if they
	// are not.
	caller(c *fiber.Ctx, now time.Time) (caller, error)
}

// requireRole refuses a caller who has none of the roles.
func (c caller) requireRole(roles ...Role) error {
	if slices.Contains(roles, c.role) {
		return nil
	}
	if c.sub == "" {
		return refuse(codes.Unauthenticated, "authentication is required: send Authorization: Bearer and a token")
	}
	return refuse(core.CodeForbidden, "your role may not do this")
}

// requireActor refuses a caller who can act for no holder, not even for itself.
func (c caller) requireActor() error {
	return c.requireRole(RoleHolder, RoleAuditor, RoleService, RoleAdmin)
}

// actsForOthers reports whether the caller may act for every holder. If so, no limits per holder apply.
func (c caller) actsForOthers() bool { return c.role == RoleService || c.role == RoleAdmin }

// holder returns the holder for whom a command is sent: the caller, or the holder named in the body. Only
// services, admins and, in open mode, everybody may name another holder. Error: a refusal.
func (c caller) holder(named events.Holder) (events.Holder, error) {
	if err := c.requireActor(); err != nil {
		return "", err
	}
	switch {
	case c.key && named == "":
		return "", invalidField("holder", "an API key has no holder of its own; name the holder")
	case !c.open && named == "":
		return c.sub, nil
	case !c.open && named != c.sub && !c.actsForOthers():
		return "", refuse(core.CodeForbidden, "you may act only for yourself, and holder names somebody else")
	}
	if rule := holderFault(string(named)); rule != "" {
		return "", invalidField("holder", rule)
	}
	return named, nil
}

// holder is [caller.holder]. In open mode the holder becomes the caller of the request.
func (r *request) holder(named events.Holder) (holder events.Holder, err error) {
	if holder, err = r.caller.holder(named); err == nil && r.caller.open {
		r.caller.sub = holder
	}
	return holder, err
}

// restrictedTo returns the only holder whose resources the caller may use, which is the caller itself, or ""
// for an admin and for a caller with one of the exempt roles, who may use the resources of all holders.
func (c caller) restrictedTo(exempt ...Role) (events.Holder, error) {
	if err := c.requireActor(); err != nil {
		return "", err
	}
	if c.role == RoleAdmin || slices.Contains(exempt, c.role) {
		return "", nil
	}
	return c.sub, nil
}
