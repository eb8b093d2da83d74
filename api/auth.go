package api

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"
)

// Role is what a caller may do.
type Role string

// The roles of API.md.
const (
	RoleHolder  Role = "holder"
	RoleAuditor Role = "auditor"
	RoleAdmin   Role = "admin"
)

// caller is who sent a request. The zero caller is nobody in particular, who may
// read the catalogue.
type caller struct {
	sub  string
	role Role
	open bool // open mode: the body names the holder, and everything is allowed
}

// name stands in the metadata of events.
func (c caller) name() string {
	switch {
	case c.sub != "":
		return c.sub
	case c.open:
		return "anyone"
	}
	return "nobody"
}

// Auth finds out who sent a request.
type Auth interface {
	caller(c *fiber.Ctx) (caller, error)
}

// OpenAuth trusts everybody; it is for a loopback address only. It answers to an
// address, to localhost and to the hosts of Origins ("*" is any): a page from
// elsewhere could have its own name lead to this machine, and its scripts would pass
// for ours.
type OpenAuth struct {
	// Origins are those of [Config].AllowOrigins.
	Origins []string
}

func (a OpenAuth) caller(c *fiber.Ctx) (caller, error) {
	if host := string(c.Request().Host()); !a.answersTo(host) {
		return caller{}, refuse("forbidden", fmt.Sprintf("this server does not answer to %q; allow it with --allow-origin", host))
	}
	return caller{role: RoleAdmin, open: true}, nil
}

func (a OpenAuth) answersTo(host string) bool {
	if slices.Contains(a.Origins, "*") {
		return true
	}
	for _, origin := range a.Origins {
		if from, err := url.Parse(origin); err == nil && from.Host != "" && strings.EqualFold(from.Host, host) {
			return true
		}
	}
	name := host
	if without, _, err := net.SplitHostPort(host); err == nil {
		name = without
	}
	return name == "" || strings.EqualFold(name, "localhost") || net.ParseIP(strings.Trim(name, "[]")) != nil
}

// JWTAuth reads the bearer token of a request: signed with Secret (HS256), with
// sub, role and exp. A request without one comes from nobody in particular.
type JWTAuth struct{ Secret []byte }

type claims struct {
	Role Role `json:"role"`
	jwt.RegisteredClaims
}

func (a JWTAuth) caller(c *fiber.Ctx) (caller, error) {
	header := c.Get(fiber.HeaderAuthorization)
	if header == "" {
		return caller{}, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return caller{}, refuse("unauthenticated", "send Authorization: Bearer and a token")
	}
	var cl claims
	_, err := jwt.ParseWithClaims(token, &cl, func(*jwt.Token) (any, error) { return a.Secret, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return caller{}, refuse("unauthenticated", "the token has expired; get a new one")
	case err != nil:
		return caller{}, refuse("unauthenticated", "the token is not valid here")
	case !validHolder(cl.Subject):
		return caller{}, refuse("unauthenticated", "the token's sub is missing or can't be a holder's name")
	case cl.Role != RoleHolder && cl.Role != RoleAuditor && cl.Role != RoleAdmin:
		return caller{}, refuse("unauthenticated", "the token's role is not one of holder, auditor, admin")
	}
	return caller{sub: cl.Subject, role: cl.Role}, nil
}

// Token mints a token that lives for life.
func (a JWTAuth) Token(sub string, role Role, now time.Time, life time.Duration) (string, error) {
	if !validHolder(sub) {
		return "", fmt.Errorf("%q can't be a holder's name", sub)
	}
	if role != RoleHolder && role != RoleAuditor && role != RoleAdmin {
		return "", fmt.Errorf("role %q is not one of holder, auditor, admin", role)
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims{Role: role, RegisteredClaims: jwt.RegisteredClaims{
		Subject: sub, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
	}}).SignedString(a.Secret)
}

// must says whether the caller has one of the roles.
func (c caller) must(roles ...Role) error {
	for _, role := range roles {
		if c.role == role {
			return nil
		}
	}
	if c.sub == "" {
		return refuse("unauthenticated", "this needs a token: send Authorization: Bearer and one")
	}
	return refuse("forbidden", "your role may not do this")
}

// holder is for whom a command is: who asks, or in open mode and for an admin whom
// the body names.
func (c caller) holder(named string) (string, error) {
	switch {
	case c.role == "":
		return "", c.must(RoleHolder)
	case !c.open && named == "":
		return c.sub, nil
	case !c.open && named != c.sub && c.role != RoleAdmin:
		return "", refuse("forbidden", "holder is not who the token says you are")
	case !validHolder(named):
		return "", invalidField("holder", "1 to 128 bytes of printable text without / ~ ? # % or \\")
	}
	return named, nil
}

// holder is for whom a command is; where nobody says who is calling (open mode), that is
// the caller too.
func (r *request) holder(named string) (holder string, err error) {
	if holder, err = r.caller.holder(named); err == nil && r.caller.open {
		r.caller.sub = holder
	}
	return holder, err
}

// only returns whose things the caller may touch: "" is everybody's.
func (c caller) only(others ...Role) (string, error) {
	if c.role == "" {
		return "", c.must(RoleHolder)
	}
	if c.role == RoleAdmin {
		return "", nil
	}
	for _, role := range others {
		if c.role == role {
			return "", nil
		}
	}
	return c.sub, nil
}
