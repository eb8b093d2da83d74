package esdbwire

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// mayRead checks that the caller may read. Errors: access-denied without credentials,
// Unauthenticated with invalid ones.
func (s *Server) mayRead(ctx context.Context) error {
	_, err := s.caller(ctx)
	return err
}

// mayWrite checks that the caller may write, which requires a writable server. Errors: those of mayRead.
func (s *Server) mayWrite(ctx context.Context) error {
	user, err := s.caller(ctx)
	if err != nil {
		return err
	}
	if !s.config.Writable || user.Reader {
		return accessDenied()
	}
	return nil
}

// caller authenticates the caller. Without configured users, every caller is accepted.
func (s *Server) caller(ctx context.Context) (User, error) {
	if len(s.config.Users) == 0 {
		return User{}, nil
	}
	header, _ := metadata.FromIncomingContext(ctx)
	credentials := header.Get("authorization")
	if len(credentials) == 0 {
		return User{}, accessDenied()
	}
	name, password, ok := parseBasic(credentials[0])
	user, known := s.config.Users[name]
	// Passwords are compared for unknown names too, so that the time does not reveal names.
	same := subtle.ConstantTimeCompare([]byte(password), []byte(user.Password)) == 1
	if !ok || !known || !same {
		return User{}, &fault{code: codes.Unauthenticated, message: "Unauthenticated"}
	}
	return user, nil
}

// parseBasic reads an Authorization header (RFC 7617).
func parseBasic(header string) (name, password string, ok bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(decoded), ":")
}
