package api

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"

	"admitone/api/codes"
	"admitone/api/keyset"
	"admitone/events"
)

// JWTAuth reads the bearer token of a request: signed with Secret (HS256), or by an issuer whose
// Keys are given (RS256, ES256 or EdDSA, by kid), with sub, exp and role. A token without a role
// is a holder's. A request without a token is anonymous.
type JWTAuth struct {
	Secret []byte
	// Keys are those of the issuer; with them no token is good because of Secret.
	Keys *keyset.Set
	// Issuer and Audience are what iss is and aud has; "" is anything, and nothing.
	Issuer, Audience string
	// RoleClaim is the member with the role, "" for role.
	RoleClaim string

	checked *checkedTokens // those of a server
}

// Members of a token beside the registered ones.
const claimRole = "role"

// headerCritical lists extensions that a reader of the token must understand (RFC 7515 section
// 4.1.11). This server understands none, including headerUnencoded (RFC 7797), which changes what
// is signed and must be listed.
const (
	headerCritical  = "crit"
	headerUnencoded = "b64"
)

// methods are the algorithms that the auth takes.
func (a JWTAuth) methods() []string {
	if a.Keys != nil {
		return []string{keyset.RS256, keyset.ES256, keyset.EdDSA}
	}
	return []string{jwt.SigningMethodHS256.Alg()}
}

// options are the rules for tokens.
func (a JWTAuth) options() []jwt.ParserOption {
	options := []jwt.ParserOption{jwt.WithValidMethods(a.methods()), jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding()}
	if a.Issuer != "" {
		options = append(options, jwt.WithIssuer(a.Issuer))
	}
	if a.Audience != "" {
		options = append(options, jwt.WithAudience(a.Audience))
	}
	return options
}

func (a JWTAuth) key(token *jwt.Token) (any, error) {
	for _, name := range []string{headerCritical, headerUnencoded} {
		if _, given := token.Header[name]; given {
			return nil, errors.New("the header has " + name)
		}
	}
	if a.Keys == nil {
		return a.Secret, nil
	}
	id, _ := token.Header["kid"].(string)
	if id == "" {
		return nil, errors.New("the header has no kid")
	}
	return a.Keys.Key(id, token.Method.Alg())
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
	return a.checked.callerOf(token, a.Keys.Version(), time.Now(), a.check)
}

// check checks a token.
func (a JWTAuth) check(token string) (checkedToken, error) {
	claims := jwt.MapClaims{} // a struct would match Role and ROLE as well
	_, err := jwt.ParseWithClaims(token, claims, a.key, a.options()...)
	switch {
	case errors.Is(err, keyset.ErrUnavailable):
		return checkedToken{}, refuse(codes.KeysUnavailable, "the keys that tokens are checked with can't be had yet")
	case errors.Is(err, jwt.ErrTokenExpired):
		return checkedToken{}, refuse(codes.Unauthenticated, "the token has expired; get a new one")
	case err != nil:
		return checkedToken{}, refuse(codes.Unauthenticated, "the token is not valid here")
	}
	sub, _ := claims["sub"].(string)
	if strings.ContainsRune(sub, utf8.RuneError) { // the JSON decoder replaces every invalid byte by this one
		return checkedToken{}, refuse(codes.Unauthenticated, "the token's sub has what is no character")
	}
	if rule := holderFault(sub); rule != "" {
		return checkedToken{}, refuse(codes.Unauthenticated, "the token's sub can't be a holder's name: "+rule)
	}
	role := RoleHolder
	if claimed, given := claims[cmp.Or(a.RoleClaim, claimRole)]; given {
		word, _ := claimed.(string)
		role = Role(word)
	}
	if !role.known() {
		return checkedToken{}, refuse(codes.Unauthenticated, "the token's role is not one of "+roleNames)
	}
	until, err := claims.GetExpirationTime() // which is required
	if err != nil {
		return checkedToken{}, err
	}
	return checkedToken{caller{sub: events.Holder(sub), role: role}, until.Time}, nil
}

// ready reports whether tokens can be checked.
func (a JWTAuth) ready() bool { return a.Keys == nil || a.Keys.Ready() }

// Token mints a token, signed with Secret, that is valid for life from now on.
func (a JWTAuth) Token(sub string, role Role, now time.Time, life time.Duration) (string, error) {
	if rule := holderFault(sub); rule != "" {
		return "", fmt.Errorf("%.100q can't be a holder's name: %s", sub, rule)
	}
	if !role.known() {
		return "", fmt.Errorf("role %q is not one of %s", role, roleNames)
	}
	claims := jwt.MapClaims{cmp.Or(a.RoleClaim, claimRole): role, "sub": sub,
		"iat": jwt.NewNumericDate(now), "exp": jwt.NewNumericDate(now.Add(life))}
	if a.Issuer != "" {
		claims["iss"] = a.Issuer
	}
	if a.Audience != "" {
		claims["aud"] = a.Audience
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(a.Secret)
}
