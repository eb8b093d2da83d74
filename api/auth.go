package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"

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

// JWTAuth reads the bearer token of a request: signed with Secret (HS256), with sub, exp and
// role. A token without a role is a holder's. A request without a token is anonymous.
type JWTAuth struct{ Secret []byte }

// Members of a token beside the registered ones.
const claimRole = "role"

// headerCritical lists extensions that a reader of the token must understand (RFC 7515 section
// 4.1.11). This server understands none, including headerUnencoded (RFC 7797), which changes what
// is signed and must be listed.
const (
	headerCritical  = "crit"
	headerUnencoded = "b64"
)

func (a JWTAuth) key(token *jwt.Token) (any, error) {
	for _, name := range []string{headerCritical, headerUnencoded} {
		if _, given := token.Header[name]; given {
			return nil, errors.New("the header has " + name)
		}
	}
	return a.Secret, nil
}

func (a JWTAuth) caller(c *fiber.Ctx) (caller, error) {
	header := c.Get(fiber.HeaderAuthorization)
	if header == "" {
		return caller{}, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return caller{}, refuse(codes.Unauthenticated, "send Authorization: Bearer and a token")
	}
	claims := jwt.MapClaims{} // a struct would match Role and ROLE as well
	_, err := jwt.ParseWithClaims(token, claims, a.key, jwt.WithValidMethods([]string{"HS256"}),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding())
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return caller{}, refuse(codes.Unauthenticated, "the token has expired; get a new one")
	case err != nil:
		return caller{}, refuse(codes.Unauthenticated, "the token is not valid here")
	}
	sub, _ := claims["sub"].(string)
	if strings.ContainsRune(sub, utf8.RuneError) { // the JSON decoder replaces every invalid byte by this one
		return caller{}, refuse(codes.Unauthenticated, "the token's sub has what is no character")
	}
	if rule := holderFault(sub); rule != "" {
		return caller{}, refuse(codes.Unauthenticated, "the token's sub can't be a holder's name: "+rule)
	}
	role := RoleHolder
	if claimed, given := claims[claimRole]; given {
		word, _ := claimed.(string)
		role = Role(word)
	}
	if !role.known() {
		return caller{}, refuse(codes.Unauthenticated, "the token's role is not one of "+roleNames)
	}
	return caller{sub: events.Holder(sub), role: role}, nil
}

// Token mints a token that is valid for life from now on.
func (a JWTAuth) Token(sub string, role Role, now time.Time, life time.Duration) (string, error) {
	if rule := holderFault(sub); rule != "" {
		return "", fmt.Errorf("%.100q can't be a holder's name: %s", sub, rule)
	}
	if !role.known() {
		return "", fmt.Errorf("role %q is not one of %s", role, roleNames)
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{claimRole: role, "sub": sub,
		"iat": jwt.NewNumericDate(now), "exp": jwt.NewNumericDate(now.Add(life))}).SignedString(a.Secret)
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
