package api

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/contacts"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

// exportsAtOnce bounds the lists that are streamed at a time. Each keeps old records of the views
// on the disk while it lasts.
const exportsAtOnce = 4

// rowsAtOnce is how many rows of a list are read together.
const rowsAtOnce = 200

// maxExamined bounds the rows that one page of a filtered list looks at: with fewer matches it has
// fewer items than its limit, and goes on at next.
const maxExamined = 10_000

// listing is a list of resources that a shop looks through: a page of it as JSON, or all of it as
// CSV. Both are of one position.
type listing[R any] struct {
	// name of the file, columns its names in order.
	name    string
	columns []string
	// page returns up to most rows behind a cursor, "" for the first, and the cursor behind them,
	// "" at the end.
	page func(from *projections.Reading, after string, most int) ([]R, string, error)
	// then turns a row into what it was at the moment that is asked about; false leaves it out.
	then func(*R) (bool, error)
	// write appends a row as JSON.
	write func(dst []byte, row *R) ([]byte, error)
	// contact is the name under which the contact of a row is kept.
	contact func(*R) string
}

// query is what a request asks of a list.
type query struct {
	csv, mark, contact bool
	status, holder     string
	at                 *row.Moment
	// now is the time that deadlines are compared with.
	now time.Time
}

// query reads the parameters that all lists have; statuses are those that the list knows.
func (r *request) query(statuses ...string) (q query, err error) {
	if q, err = r.format(); err != nil {
		return q, err
	}
	q.status, q.holder = r.ctx.Query("status"), r.ctx.Query("holder")
	if q.status != "" && !slices.Contains(statuses, q.status) {
		return q, refuse(codes.BadParameter, "status is one of "+strings.Join(statuses, ", "))
	}
	if q.at, err = r.moment(); err != nil {
		return q, err
	}
	if q.now = time.Now(); q.at != nil {
		q.now = q.at.Time
	}
	return q, nil
}

// format reads in which form a list is asked for, and whether with contacts.
func (r *request) format() (q query, err error) {
	switch format := r.ctx.Query("format"); format {
	case "csv":
		q.csv, q.mark = true, true
	case "":
		// Names of media types have no case (RFC 9110 section 8.3.1); Fiber compares them as they are.
		r.ctx.Request().Header.Set(fiber.HeaderAccept, strings.ToLower(r.ctx.Get(fiber.HeaderAccept)))
		q.csv = r.ctx.Accepts(fiber.MIMEApplicationJSON, mimeCSV) == mimeCSV
	case "json":
	default:
		return q, refuse(codes.BadParameter, "format is json or csv")
	}
	r.ctx.Vary(fiber.HeaderAccept)
	switch contact := r.ctx.Query("contact"); {
	case contact == "" || contact == "false":
	case contact != "true" || !q.csv:
		return q, refuse(codes.BadParameter, "contact is true or false, and goes with CSV")
	default:
		q.contact = true
		if err := r.caller.must(RoleAuditor, RoleAdmin); err != nil {
			return q, err
		}
	}
	return q, nil
}

const mimeCSV = "text/csv; charset=utf-8; header=present"

// answerList answers with a page of a list, or with all of it.
func answerList[R any](r *request, q *query, l *listing[R]) error {
	if q.csv {
		return streamList(r, q, l)
	}
	p, err := r.paging()
	if err != nil {
		return err
	}
	from, err := r.server.config.Views.Read()
	if err != nil {
		return err
	}
	defer from.Close()
	var kept []R
	next, examined := p.after, 0
	for {
		var page []R
		page, next, err = l.page(from, next, min(p.limit-len(kept), rowsAtOnce))
		if err != nil {
			return err
		}
		for i := range page {
			keep, err := l.then(&page[i])
			if err != nil {
				return err
			}
			if keep {
				kept = append(kept, page[i])
			}
		}
		if examined += len(page); next == "" || len(kept) == p.limit || examined >= maxExamined {
			break
		}
	}
	more := func(*events.Object) {}
	if q.at != nil {
		more = func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *q.at)) }
	}
	return r.list(len(kept), next, func(dst []byte, i int) ([]byte, error) { return l.write(dst, &kept[i]) }, more)
}

// streamList answers with a list as CSV.
func streamList[R any](r *request, q *query, l *listing[R]) error {
	s := r.server
	select {
	case s.exports <- struct{}{}:
	default:
		return refuse(core.CodeOverloaded, "too many lists are being sent; try again in a moment")
	}
	from, err := s.config.Views.Read()
	if err != nil {
		<-s.exports
		return err
	}
	names := l.columns
	if q.contact {
		names = append(slices.Clip(names), "contact")
	}
	f := &csvFile[R]{list: l, query: q, from: from, contacts: s.config.Contacts, columns: newColumns(names)}
	position := from.Position()
	if q.at != nil {
		position = q.at.Position
	}
	r.ctx.Set("Admitone-Position", strconv.FormatUint(uint64(position), 10))
	r.ctx.Set(fiber.HeaderContentType, mimeCSV)
	r.ctx.Set(fiber.HeaderContentDisposition, `attachment; filename="`+l.name+`.csv"`)
	r.ctx.Status(fiber.StatusOK)
	log := r.log()
	r.ctx.Context().Response.SetBodyStream(&streamBody{
		conn: r.ctx.Context().Conn(), stall: s.config.StallAfter,
		fill: func(dst []byte) ([]byte, bool, error) {
			piece, more, err := f.fill(dst)
			if err != nil {
				log.Error("a list could not be sent to its end", "list", l.name, "error", err)
			}
			return piece, more, err
		},
		stop: func() {
			if err := from.Close(); err != nil {
				log.Error("a reading of the views could not be closed", "error", err)
			}
			<-s.exports
		},
	}, -1)
	return nil
}

// csvFile is a list on its way to a client.
type csvFile[R any] struct {
	list     *listing[R]
	query    *query
	from     *projections.Reading
	contacts *contacts.Book // nil if there are none
	columns  *csvColumns
	after    string
	begun    bool
	object   []byte // reused for every line
}

// fill appends the lines of the next rows.
func (f *csvFile[R]) fill(dst []byte) ([]byte, bool, error) {
	if !f.begun {
		f.begun = true
		if f.query.mark {
			dst = append(dst, string(byteOrderMark)...)
		}
		return f.columns.appendHeader(dst), true, nil
	}
	page, next, err := f.list.page(f.from, f.after, rowsAtOnce)
	if err != nil {
		return dst, false, err
	}
	f.after = next
	for i := range page {
		if dst, err = f.line(dst, &page[i]); err != nil {
			return dst, false, err
		}
	}
	return dst, next != "", nil
}

func (f *csvFile[R]) line(dst []byte, row *R) ([]byte, error) {
	keep, err := f.list.then(row)
	if err != nil || !keep {
		return dst, err
	}
	if f.object, err = f.list.write(f.object[:0], row); err != nil {
		return dst, err
	}
	if f.query.contact && f.contacts != nil {
		_, contact, err := f.contacts.Find(f.list.contact(row))
		if err != nil {
			return dst, err
		}
		f.object = withContact(f.object, contact)
	}
	return f.columns.appendLine(dst, f.object)
}
