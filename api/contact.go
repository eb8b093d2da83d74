package api

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

// contactRoutes adds the route for contacts, if the server stores them.
func (s *Server) contactRoutes() {
	if s.config.Contacts != nil {
		s.handle(fiber.MethodDelete, "/v1/holders/:holder/contact", s.forget)
	}
}

// contact has a holder's contact details. It never becomes a fact; see package contacts.
type contact struct {
	Name  *string `json:"name"`
	Email *string `json:"email"`
	Phone *string `json:"phone"`
}

// Limits of the parts of a contact, in characters.
const (
	maxEmail = 254 // RFC 5321 section 4.5.3.1.3, without the brackets
	maxPhone = 40
)

func (c *contact) check() error {
	switch {
	case c.Name == nil && c.Email == nil && c.Phone == nil:
		return invalidField("contact", "give at least one of name, email, phone")
	case c.Name != nil && !validText(*c.Name, maxName):
		return invalidField("contact.name", "1 to 200 characters, none of them a control character")
	case c.Email != nil && (!validText(*c.Email, maxEmail) || !strings.Contains(*c.Email, "@")):
		return invalidField("contact.email", "an address with an @, up to 254 characters")
	case c.Phone != nil && !validText(*c.Phone, maxPhone):
		return invalidField("contact.phone", "1 to 40 characters, none of them a control character")
	}
	return nil
}

func (c *contact) append(dst []byte) []byte {
	o := events.OpenObject(dst)
	for _, part := range []struct {
		name  string
		value *string
	}{{"name", c.Name}, {"email", c.Email}, {"phone", c.Phone}} {
		if part.value != nil {
			o.String(part.name, *part.value)
		}
	}
	return o.Close()
}

// parseContact validates the contact of a body and keeps it for [request.storeContact]. rest returns the body
// without the contact.
//
// The command's id, which is recorded in the log, is derived from a hash of rest and not of the whole body. From
// a hash of the body, a telephone number could be found by brute force.
func (r *request) parseContact(c *contact, rest func() any) (err error) {
	if c == nil {
		return nil
	}
	if r.server.config.Contacts == nil {
		return invalidField("contact", "this server stores no contacts; omit it")
	}
	if err := c.check(); err != nil {
		return err
	}
	r.contact = c.append(nil)
	r.hashed, err = json.Marshal(rest())
	return err
}

// storeContact stores the contact in the request, if any, for the resources that its command has created. It is
// called after the command, so that refused commands store nothing. After a crash in between, the client has no
// answer, and the contact is stored by the retry.
func (r *request) storeContact(replayed bool, holder events.Holder, subjects ...string) error {
	if r.contact == nil {
		return nil
	}
	book, missing := r.server.config.Contacts, subjects
	if replayed { // a retry must not restore the contact of a holder who was forgotten meanwhile
		missing = nil
		for _, subject := range subjects {
			if !book.Known(subject) {
				missing = append(missing, subject)
				continue
			}
			if _, before, err := book.Find(subject); err != nil {
				return r.contactFailed(err)
			} else if before != nil && !bytes.Equal(before, r.contact) {
				return refuse(core.CodeIdempotencyKeyReused,
					"this Idempotency-Key was used with a different contact; choose a new key")
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := book.Store(holder, r.contact, missing...); err != nil {
		return r.contactFailed(err)
	}
	return nil
}

// contactFailed logs err, which names files but contains no contact, and returns the refusal.
func (r *request) contactFailed(err error) error {
	r.log().Error("the contacts are unavailable", "error", err)
	return refuse(codes.LogUnavailable,
		"the contact can't be stored or read now; the command may have been executed, "+
			"and retrying with the same Idempotency-Key is safe")
}

// reservationContact returns the subject under which the contact of a reservation is stored.
func reservationContact(productID events.ProductID, id events.ReservationID) string {
	return "reservation/" + string(productID) + "/" + string(id)
}

// bookingContact is reservationContact for a booking.
func bookingContact(id string) string { return "booking/" + id }

// entryContact is reservationContact for an entry.
func entryContact(tournamentID events.TournamentID, teamID events.TeamID) string {
	return "entry/" + string(tournamentID) + "/" + string(teamID)
}

// contactOf returns the contact of a subject, nil if there is none or the caller may not see it. If secret is
// true, the answer must not be 304, even if the resource has not changed: the holder may have been forgotten
// since.
func (r *request) contactOf(subject string) (contact []byte, secret bool, err error) {
	book := r.server.config.Contacts
	if book == nil || !book.Known(subject) {
		return nil, false, nil
	}
	holder, contact, err := book.Find(subject)
	allowed := holder == r.caller.sub || r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin) == nil
	switch {
	case err != nil && (allowed || holder == ""): // the holder of a lost contact is unknown
		return nil, true, r.contactFailed(err)
	case err != nil || !allowed:
		return nil, true, nil
	}
	return contact, true, nil
}

// withContact adds a contact to an encoded object, unless it is nil.
func withContact(object, contact []byte) []byte {
	if contact == nil {
		return object
	}
	object = append(object[:len(object)-1], `,"contact":`...)
	return append(append(object, contact...), '}')
}
