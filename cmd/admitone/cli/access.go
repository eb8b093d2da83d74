package cli

import (
	"net"

	"github.com/spf13/pflag"

	"admitone/api"
	"admitone/cmd/admitone/server"
)

// access has the flags about authentication and authorisation.
type access struct{ auth, secret, charges string }

// The values of --auth and of --wallet-charges.
const (
	authOpen, authJWT             = "open", "jwt"
	chargesHolder, chargesService = "holder", "service"
)

func (a *access) flags(f *pflag.FlagSet) {
	f.StringVar(&a.auth, "auth", authOpen, "open (everybody may do everything; loopback only) or jwt")
	f.StringVar(&a.secret, "jwt-secret-file", "",
		"file with the secret that signs tokens, at least 32 bytes (default: jwt.key in the store, made when needed)")
	f.StringVar(&a.charges, "wallet-charges", "",
		"who may charge a wallet: service (a service or an admin, once money has come in) or holder (holders and auditors "+
			"their own too) (default: service with --auth jwt, holder without)")
}

// apply copies the flags into the settings.
func (a *access) apply(s *server.Settings) (err error) {
	switch a.charges {
	case chargesHolder, chargesService:
		s.OwnCharges = a.charges == chargesHolder
	case "":
		s.OwnCharges = a.auth != authJWT
	default:
		return usagef("--wallet-charges is %s or %s, not %q", chargesHolder, chargesService, a.charges)
	}
	s.Auth, err = authOf(a.auth, a.secret, *s)
	return err
}

// authOf returns the authentication that the flags name. Open mode is refused on an address that
// others can reach.
func authOf(mode, file string, s server.Settings) (api.Auth, error) {
	switch mode {
	case authOpen:
		host, _, err := net.SplitHostPort(s.Listen)
		if err != nil {
			return nil, err
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, usagef("--auth open lets everybody do everything, so it is for a loopback address only; use --auth "+
				"jwt to listen on %s", s.Listen)
		}
		return api.OpenAuth{Origins: s.AllowOrigins}, nil
	case authJWT:
		secret, err := server.JWTSecret(file, s.Directory())
		return api.JWTAuth{Secret: secret}, err
	}
	return nil, usagef("--auth is open or jwt, not %q", mode)
}
