package esdbwire

import (
	"context"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A panic in one call must not end the process, which also serves sales. It is logged, and the call fails
// with an error.

func (s *Server) guardUnary(ctx context.Context, request any, info *grpc.UnaryServerInfo,
	handle grpc.UnaryHandler) (answer any, err error) {
	defer s.guard(info.FullMethod, &err)
	return handle(ctx, request)
}

func (s *Server) guardStream(server any, call grpc.ServerStream, info *grpc.StreamServerInfo,
	handle grpc.StreamHandler) (err error) {
	defer s.guard(info.FullMethod, &err)
	if err := s.calls.enter(); err != nil {
		return s.fail(call.Context(), err)
	}
	defer s.calls.leave()
	return handle(server, call)
}

// guard converts a panic to an error. It has to be deferred.
func (s *Server) guard(what string, err *error) {
	if reason := recover(); reason != nil {
		s.config.Logger.Error("a call has panicked", "call", what, "reason", reason, "stack", string(debug.Stack()))
		*err = status.Error(codes.Internal, "Internal Error")
	}
}
