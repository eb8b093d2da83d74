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

// contactRoutes adds no route if the server keeps no contacts.
func (s *Server) contactRoutes() {
	if s.config.Contacts != nil {
		s.handle(fiber.MethodDelete, "/v1/holders/:holder/contact", s.forget)
	}
}

// contact is how to reach a holder. It never becomes a fact; see package contacts.
type contact struct {
	Name  *string `json:"name"`
	Email *string `json:"email"`
	Phone *string `json:"phone"`
}

// Bounds of the parts of a contact, in characters.
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

// takeContact keeps the contact of a body for [request.keepContact]; rest is the body without it.
//
// Only rest is hashed into the command's id, which stays in the log: from the hash of a telephone
// number the number can be found by trying them all.
func (r *request) takeContact(c *contact, rest any) (err error) {
	if c == nil {
		return nil
	}
	if r.server.config.Contacts == nil {
		return invalidField("contact", "this server keeps no contacts; leave it out")
	}
	if err := c.check(); err != nil {
		return err
	}
	r.contact = c.append(nil)
	r.hashed, err = json.Marshal(rest)
	return err
}

// keepContact stores the contact of an accepted command, if it had one, for what the command has
// made. It runs after the command, so that refused commands cost no disk; after a crash in
// between the request is not answered, and its retry brings the contact again.
func (r *request) keepContact(replayed bool, holder events.Holder, subjects ...string) error {
	if r.contact == nil {
		return nil
	}
	book, missing := r.server.config.Contacts, subjects
	if replayed { // a retry must not bring back a holder who was forgotten meanwhile
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
					"this Idempotency-Key was used with another contact; choose a new key")
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := book.Keep(holder, r.contact, missing...); err != nil {
		return r.contactFailed(err)
	}
	return nil
}

// contactFailed logs err, which names files and no contents.
func (r *request) contactFailed(err error) error {
	r.log().Error("the contacts are unavailable", "error", err)
	return refuse(codes.LogUnavailable,
		"the contact can't be kept or read now; what was asked for may be done, "+
			"and retrying with the same Idempotency-Key is safe")
}

// The names under which contacts are kept.
func reservationContact(productID events.ProductID, id events.ReservationID) string {
	return "reservation/" + string(productID) + "/" + string(id)
}
func bookingContact(id string) string { return "booking/" + id }
func entryContact(tournamentID events.TournamentID, teamID events.TeamID) string {
	return "entry/" + string(tournamentID) + "/" + string(teamID)
}

// contactOf returns the contact of a subject, nil if there is none or it is not for this caller.
// secret reports that the answer depends on more than the resource's revision: it must not come
// from a cache once the holder is forgotten.
func (r *request) contactOf(subject string) (contact []byte, secret bool, err error) {
	book := r.server.config.Contacts
	if book == nil || !book.Known(subject) {
		return nil, false, nil
	}
	holder, contact, err := book.Find(subject)
	allowed := holder == r.caller.sub || r.caller.must(RoleAuditor, RoleService, RoleAdmin) == nil
	switch {
	case err != nil && (allowed || holder == ""): // the holder of a lost contact is not known
		return nil, true, r.contactFailed(err)
	case err != nil || !allowed:
		return nil, true, nil
	}
	return contact, true, nil
}

// withContact adds a contact to an encoded object.
func withContact(object, contact []byte) []byte {
	if contact == nil {
		return object
	}
	object = append(object[:len(object)-1], `,"contact":`...)
	return append(append(object, contact...), '}')
}

// forget destroys the keys of a holder's contacts. Repeated, it answers the same but for
// forgotten.
func (s *Server) forget(r *request) error {
	holder, err := r.ownHolder("contact")
	if err != nil {
		return err
	}
	known, err := s.config.Contacts.Forget(holder)
	if err != nil {
		return r.contactFailed(err)
	}
	return r.json(fiber.StatusOK, AppendForgotten(nil, holder, known))
}

// AppendForgotten appends the answer to a request to forget a holder; known reports that there
// was something to forget.
func AppendForgotten(dst []byte, holder events.Holder, known bool) []byte {
	o := events.OpenObject(dst)
	o.String("holder", string(holder))
	o.Bool("forgotten", known)
	return o.Close()
}
