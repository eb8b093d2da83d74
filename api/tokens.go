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

// JWTAuth authenticates requests by bearer tokens with the claims sub, exp and role, signed with Secret
// (HS256) or, if Keys is set, by an issuer (RS256, ES256 or EdDSA, selected by kid). Without a role the
// token is a holder's. A request without a token is anonymous.
type JWTAuth struct {
	Secret []byte
	// Keys are those of the issuer. If they are set, tokens signed with Secret are refused.
	Keys *keyset.Set
	// Issuer and Audience are the required claims iss and aud; "" means that any value is accepted.
	Issuer, Audience string
	// RoleClaim is the name of the claim with the role; "" means role.
	RoleClaim string

	checked *checkedTokens // set by [New]
}

// init accepts EdDSA also by its newer name. token.Method.Alg() still returns the older name.
func init() {
	jwt.RegisterSigningMethod(keyset.Ed25519, func() jwt.SigningMethod { return jwt.SigningMethodEdDSA })
}

// claimRole is the default of JWTAuth.RoleClaim.
const claimRole = "role"

// headerCritical lists the extensions that the recipient of a token has to support (RFC 7515 section 4.1.11). This
// server supports none, not even headerUnencoded (RFC 7797), which changes what is signed.
const (
	headerCritical  = "crit"
	headerUnencoded = "b64"
)

// methods returns the accepted algorithms.
func (a JWTAuth) methods() []string {
	if a.Keys != nil {
		return []string{keyset.RS256, keyset.ES256, keyset.EdDSA}
	}
	return []string{jwt.SigningMethodHS256.Alg()}
}

// options returns the rules for tokens. They must be valid at the time now.
func (a JWTAuth) options(now time.Time) []jwt.ParserOption {
	options := []jwt.ParserOption{jwt.WithValidMethods(a.methods()), jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(), jwt.WithTimeFunc(func() time.Time { return now })}
	if a.Issuer != "" {
		options = append(options, jwt.WithIssuer(a.Issuer))
	}
	if a.Audience != "" {
		options = append(options, jwt.WithAudience(a.Audience))
	}
	return options
}

// key returns the key with which a token must be signed.
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

func (a JWTAuth) caller(c *fiber.Ctx, now time.Time) (caller, error) {
	header := c.Get(fiber.HeaderAuthorization)
	if header == "" {
		return caller{}, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return caller{}, refuse(codes.Unauthenticated, "send Authorization: Bearer and a token")
	}
	return a.checked.callerOf(token, a.Keys.Version(), now,
		func(token string) (checkedToken, error) { return a.check(token, now) })
}

// check verifies a token, which must be valid at the time now.
func (a JWTAuth) check(token string, now time.Time) (checkedToken, error) {
	claims := jwt.MapClaims{} // a struct would match Role and ROLE as well
	_, err := jwt.ParseWithClaims(token, claims, a.key, a.options(now)...)
	switch {
	case errors.Is(err, keyset.ErrUnavailable):
		return checkedToken{}, refuse(codes.KeysUnavailable, "the token issuer's keys are not available yet")
	case errors.Is(err, jwt.ErrTokenExpired):
		return checkedToken{}, refuse(codes.Unauthenticated, "the token has expired; get a new one")
	case err != nil:
		return checkedToken{}, refuse(codes.Unauthenticated, "the token is not valid here")
	}
	sub, _ := claims["sub"].(string)
	if strings.ContainsRune(sub, utf8.RuneError) { // the JSON decoder's replacement for invalid bytes
		return checkedToken{}, refuse(codes.Unauthenticated, "the token's sub is not valid UTF-8")
	}
	if rule := holderFault(sub); rule != "" {
		return checkedToken{}, refuse(codes.Unauthenticated, "the token's sub can't be a holder's name: "+rule)
	}
	role := RoleHolder
	if claimed, given := claims[cmp.Or(a.RoleClaim, claimRole)]; given {
		name, _ := claimed.(string)
		role = Role(name)
	}
	if !role.known() {
		return checkedToken{}, refuse(codes.Unauthenticated, "the token's role is not one of "+roleNames)
	}
	until, err := claims.GetExpirationTime() // required by options
	if err != nil {
		return checkedToken{}, err
	}
	return checkedToken{caller{sub: events.Holder(sub), role: role}, until.Time}, nil
}

// ready reports whether tokens can be checked.
func (a JWTAuth) ready() bool { return a.Keys == nil || a.Keys.Ready() }

// Token returns a new token, signed with Secret, that is valid from now on for the duration life. Error: sub or role is
// invalid.
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
