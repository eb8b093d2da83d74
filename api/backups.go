package api

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/events"
)

// backupLimit bounds one backup.
const backupLimit = 10 * time.Minute

// Backup copies the log to a place of its own on the server's machine. It returns
// the place and a position up to which the copy holds every event.
type Backup func(ctx context.Context) (path string, position events.Position, err error)

// backupRoutes adds nothing if the log can't be copied from here.
func (s *Server) backupRoutes() {
	if s.config.Backup != nil {
		s.handle(fiber.MethodPost, "/v1/backups", s.backup)
	}
}

func (s *Server) backup(r *request) error {
	if err := r.caller.must(RoleAdmin); err != nil {
		return err
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), backupLimit)
	defer cancel()
	path, position, err := s.config.Backup(ctx)
	if err != nil {
		return err
	}
	o := events.OpenObject(nil)
	o.String("path", path)
	o.Int("position", int64(position))
	return r.json(fiber.StatusCreated, o.Close())
}
