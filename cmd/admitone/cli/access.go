package cli

import (
	"net"

	"github.com/spf13/pflag"

	"admitone/api"
	"admitone/api/keyset"
	"admitone/cmd/admitone/server"
)

// accessFlags has the flags about authentication and authorisation.
type accessFlags struct {
	auth, secret, charges, jwks string
	claims                      claims
}

// claims are the flags for the required claims of tokens.
type claims struct{ issuer, audience, role string }

// anyClaim is the value of a flag that accepts tokens of any issuer, or for any audience.
const anyClaim = "any"

func (c *claims) flags(f *pflag.FlagSet, verb string) {
	f.StringVar(&c.issuer, "jwt-issuer", "", "issuer (iss) that tokens "+verb)
	f.StringVar(&c.audience, "jwt-audience", "", "audience (aud) that tokens "+verb)
	f.StringVar(&c.role, "jwt-role-claim", "role", "claim of tokens that contains the role")
}

// apply copies the flags into the authentication.
func (c *claims) apply(auth *api.JWTAuth) error {
	if c.role == "" {
		return usagef("--jwt-role-claim is the name of a claim; it can't be empty")
	}
	auth.RoleClaim = c.role
	if c.issuer != anyClaim {
		auth.Issuer = c.issuer
	}
	if c.audience != anyClaim {
		auth.Audience = c.audience
	}
	return nil
}

// The values of --auth and of --wallet-charges.
const (
	authOpen, authJWT             = "open", "jwt"
	chargesHolder, chargesService = "holder", "service"
)

func (a *accessFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&a.auth, "auth", authOpen, "open (every caller may do everything; loopback only) or jwt")
	f.StringVar(&a.secret, "jwt-secret-file", "",
		"file with the secret that signs tokens, at least 32 bytes (default: jwt.key in --secrets, created if needed)")
	f.StringVar(&a.jwks, "jwks", "",
		"URL or file with the public keys (JWKS) of the token issuer; tokens signed with a secret are then refused")
	a.claims.flags(f, "must have; any accepts all of them, and must be given with --jwks")
	f.StringVar(&a.charges, "wallet-charges", "",
		"role that may charge a wallet: service (a service or an admin, after receiving money) or holder (holders and "+
			"auditors their own too) (default: service with --auth jwt, holder without)")
}

// apply copies the flags into the settings.
func (a *accessFlags) apply(s *server.Settings) (err error) {
	switch a.charges {
	case chargesHolder, chargesService:
		s.OwnCharges = a.charges == chargesHolder
	case "":
		s.OwnCharges = a.auth != authJWT
	default:
		return usagef("--wallet-charges is %s or %s, not %q", chargesHolder, chargesService, a.charges)
	}
	s.Auth, err = a.authOf(*s)
	return err
}

// authOf returns the authentication selected by the flags. Open mode is refused on an address that
// other machines can reach.
func (a *accessFlags) authOf(s server.Settings) (api.Auth, error) {
	switch a.auth {
	case authOpen:
		if a.jwks != "" {
			return nil, usagef("--jwks is for tokens, which need --auth jwt")
		}
		host, _, err := net.SplitHostPort(s.Listen)
		if err != nil {
			return nil, err
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, usagef("--auth open lets every caller do everything, so it requires a loopback address; use --auth "+
				"jwt to listen on %s", s.Listen)
		}
		return api.OpenAuth{Origins: s.AllowOrigins}, nil
	case authJWT:
		return a.tokens(s)
	}
	return nil, usagef("--auth is open or jwt, not %q", a.auth)
}

// tokens returns the authentication by tokens.
func (a *accessFlags) tokens(s server.Settings) (api.Auth, error) {
	auth := api.JWTAuth{}
	if err := a.claims.apply(&auth); err != nil {
		return nil, err
	}
	if a.jwks == "" {
		var err error
		auth.Secret, err = server.JWTSecret(a.secret, s.SecretsDirectory())
		return auth, err
	}
	switch {
	case a.secret != "":
		return nil, usagef("tokens are signed by the issuer of --jwks or with --jwt-secret-file; leave one out")
	case a.claims.issuer == "":
		return nil, usagef("--jwks needs --jwt-issuer, the iss of the tokens, or %s: its keys may sign for others too",
			anyClaim)
	case a.claims.audience == "":
		return nil, usagef("--jwks needs --jwt-audience, this server's name in the tokens' aud, or %s: a token that somebody "+
			"was issued for a different server would be good here", anyClaim)
	}
	auth.Keys = keyset.New(a.jwks, s.Logger)
	if !keyset.IsURL(a.jwks) {
		if err := auth.Keys.Check(); err != nil {
			return nil, usagef("--jwks: %w", err)
		}
	}
	return auth, nil
}
