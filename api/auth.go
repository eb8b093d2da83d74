package api

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

// Role determines what a caller may do.
type Role string

// The roles, as x-roles in openapi.yaml lists them.
const (
	// RoleHolder acts in its own name.
	RoleHolder Role = "holder"
	// RoleAuditor reads everything, and changes nothing but as a holder in its own name.
	RoleAuditor Role = "auditor"
	// RoleService sells and takes money for others: it may name any holder.
	RoleService Role = "service"
	// RoleDoor checks tickets only.
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
	key  bool // an API key was sent, and sub is the key's name
	open bool // open mode: the body names the holder, and everything is allowed
}

// name returns the actor for the metadata of events.
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
	caller(c *fiber.Ctx) (caller, error)
}

// must refuses callers that have none of the roles.
func (c caller) must(roles ...Role) error {
	if slices.Contains(roles, c.role) {
		return nil
	}
	if c.sub == "" {
		return refuse(codes.Unauthenticated, "this needs a token: send Authorization: Bearer and one")
	}
	return refuse(core.CodeForbidden, "your role may not do this")
}

// act refuses callers that may not act for any holder: a caller acts for itself, or with
// [caller.serves] for every holder.
func (c caller) act() error { return c.must(RoleHolder, RoleAuditor, RoleService, RoleAdmin) }

// serves reports whether the caller may act for every holder. The bounds per holder do not apply
// to it.
func (c caller) serves() bool { return c.role == RoleService || c.role == RoleAdmin }

// holder returns the holder of a command: the caller, or the one named in the body in open mode
// and for a service or an admin.
func (c caller) holder(named events.Holder) (events.Holder, error) {
	if err := c.act(); err != nil {
		return "", err
	}
	switch {
	case c.key && named == "":
		return "", invalidField("holder", "say whom it is for: an API key is nobody's own")
	case !c.open && named == "":
		return c.sub, nil
	case !c.open && named != c.sub && !c.serves():
		return "", refuse(core.CodeForbidden, "holder is not who the token says you are")
	}
	if rule := holderFault(string(named)); rule != "" {
		return "", invalidField("holder", rule)
	}
	return named, nil
}

// holder returns the holder of a command, who becomes the caller in open mode.
func (r *request) holder(named events.Holder) (holder events.Holder, err error) {
	if holder, err = r.caller.holder(named); err == nil && r.caller.open {
		r.caller.sub = holder
	}
	return holder, err
}

// only returns the holder whose things the caller may use, "" for every holder's, which an admin
// and the other roles may.
func (c caller) only(others ...Role) (events.Holder, error) {
	if err := c.act(); err != nil {
		return "", err
	}
	if c.role == RoleAdmin || slices.Contains(others, c.role) {
		return "", nil
	}
	return c.sub, nil
}
