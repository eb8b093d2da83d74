package api

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

// backupTimeout bounds the duration of a backup.
const backupTimeout = 10 * time.Minute

// Backup copies the log to a new path on the server's machine. It returns the path and the position up
// to which the copy is complete. Refusals: overloaded, if another backup is running; limit_exceeded, if there
// are too many backups or the disk is too full.
type Backup func(ctx context.Context) (path string, position events.Position, err error)

// backupRoutes adds the route for backups, unless the log can't be copied.
func (s *Server) backupRoutes() {
	if s.config.Backup != nil {
		s.handle(fiber.MethodPost, "/v1/backups", s.backup)
	}
}

// backup makes a backup and answers with its path and position.
func (s *Server) backup(r *request) error {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return err
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), backupTimeout)
	defer cancel()
	path, position, err := s.config.Backup(ctx)
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) || errors.Is(err, events.ErrClosed) {
		return err
	}
	if err != nil {
		r.log().Error("a backup failed", "error", err)
		return refuse(codes.LogUnavailable, "the backup failed; the server's log has the reason")
	}
	o := events.OpenObject(nil)
	o.String("path", path)
	o.Int("position", int64(position))
	return r.json(fiber.StatusCreated, o.Close())
}
