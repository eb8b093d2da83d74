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

// maxExports bounds the concurrent CSV exports. While an export runs, the views can't delete old records.
const maxExports = 4

// rowBatch is the number of rows read from the views at a time.
const rowBatch = 200

// maxExamined bounds the rows that are read for one page of a filtered list. A page may therefore have
// fewer items than its limit although next is not null.
const maxExamined = 10_000

// listing is a list of resources. It is sent as JSON page by page, or as CSV as a whole. Each answer shows the views
// at one log position.
type listing[R any] struct {
	// name is the name of the CSV file, columns are the names of its columns.
	name    string
	columns []string
	// page returns up to limit rows after a cursor, and the cursor of the next page. "" is the cursor of the
	// first page, and the next one of the last.
	page func(from *projections.Reading, after string, limit int) ([]R, string, error)
	// resolve changes a row to its state at the requested moment. It returns false to leave the row out.
	resolve func(*R) (bool, error)
	// write appends a row as JSON.
	write func(dst []byte, row *R) ([]byte, error)
	// contact returns the subject under which the contact of a row is stored.
	contact func(*R) string
}

// query has the parameters of a listing.
type query struct {
	csv     bool
	bom     bool // begin the CSV file with a byte order mark
	contact bool // include contacts
	status  string
	holder  string
	at      *row.Moment // nil for the present
	now     time.Time   // the time with which deadlines are compared
}

// query parses the parameters of a listing. statuses are the valid values of status. others are the parameters that
// the list has besides status and those of every list.
func (r *request) query(statuses []string, others ...string) (q query, err error) {
	if q, err = r.format(append(others, "status")...); err != nil {
		return q, err
	}
	q.status, q.holder = r.ctx.Query("status"), r.ctx.Query("holder")
	if q.status != "" && !slices.Contains(statuses, q.status) {
		return q, refuse(codes.BadParameter, "status must be one of "+strings.Join(statuses, ", "))
	}
	if q.at, err = r.moment(); err != nil {
		return q, err
	}
	if q.now = time.Now(); q.at != nil {
		q.now = q.at.Time
	}
	return q, nil
}

// format parses the format of a list, from the query or the Accept header, and whether to include contacts. It refuses
// parameters that are neither in others nor those of every list.
func (r *request) format(others ...string) (q query, err error) {
	if err := r.checkParameters(append(others, "format", "contact", "limit", "cursor", "min_position")...); err != nil {
		return q, err
	}
	switch format := r.ctx.Query("format"); format {
	case "csv":
		q.csv, q.bom = true, true
	case "":
		// Media types are case-insensitive (RFC 9110 section 8.3.1), but Fiber compares them exactly.
		r.ctx.Request().Header.Set(fiber.HeaderAccept, strings.ToLower(r.ctx.Get(fiber.HeaderAccept)))
		q.csv = r.ctx.Accepts(fiber.MIMEApplicationJSON, mimeCSV) == mimeCSV
	case "json":
	default:
		return q, refuse(codes.BadParameter, "format must be json or csv")
	}
	r.ctx.Vary(fiber.HeaderAccept)
	switch contact := r.ctx.Query("contact"); {
	case contact == "" || contact == "false":
	case contact != "true" || !q.csv:
		return q, refuse(codes.BadParameter, "contact must be true or false, and requires CSV")
	default:
		q.contact = true
		if err := r.caller.requireRole(RoleAuditor, RoleAdmin); err != nil {
			return q, err
		}
	}
	return q, nil
}

const mimeCSV = "text/csv; charset=utf-8; header=present"

// answerList answers with a page of a list as JSON, or with the whole list as CSV.
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
	var rows []R
	next, examined := p.after, 0
	for {
		var page []R
		page, next, err = l.page(from, next, min(p.limit-len(rows), rowBatch))
		if err != nil {
			return err
		}
		for i := range page {
			include, err := l.resolve(&page[i])
			if err != nil {
				return err
			}
			if include {
				rows = append(rows, page[i])
			}
		}
		if examined += len(page); next == "" || len(rows) == p.limit || examined >= maxExamined {
			break
		}
	}
	more := func(*events.Object) {}
	if q.at != nil {
		more = func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *q.at)) }
	}
	return r.list(len(rows), next, func(dst []byte, i int) ([]byte, error) { return l.write(dst, &rows[i]) }, more)
}

// streamList answers with a list as CSV.
func streamList[R any](r *request, q *query, l *listing[R]) error {
	s := r.server
	select {
	case s.exports <- struct{}{}:
	default:
		return refuse(core.CodeOverloaded, "too many lists are being exported; try again in a moment")
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
	r.ctx.Set(headerPosition, strconv.FormatUint(uint64(position), 10))
	r.ctx.Set(fiber.HeaderContentType, mimeCSV)
	r.ctx.Set(fiber.HeaderContentDisposition, `attachment; filename="`+l.name+`.csv"`)
	r.ctx.Status(fiber.StatusOK)
	log := r.log()
	r.ctx.Context().Response.SetBodyStream(&streamBody{
		conn: r.ctx.Context().Conn(), stall: s.config.StallAfter,
		fill: func(dst []byte) ([]byte, bool, error) {
			piece, hasMore, err := f.fill(dst)
			if err != nil {
				log.Error("an export failed and is incomplete", "list", l.name, "error", err)
			}
			return piece, hasMore, err
		},
		stop: func() {
			if err := from.Close(); err != nil {
				log.Error("a snapshot of the views could not be closed", "error", err)
			}
			<-s.exports
		},
	}, -1)
	return nil
}

// csvFile is a CSV export in progress.
type csvFile[R any] struct {
	list          *listing[R]
	query         *query
	from          *projections.Reading
	contacts      *contacts.Book // nil for none
	columns       *csvColumns
	after         string
	headerWritten bool
	object        []byte // reused for every line
}

// fill appends the header, or the lines of the next rows. hasMore is false after the last row.
func (f *csvFile[R]) fill(dst []byte) (lines []byte, hasMore bool, err error) {
	if !f.headerWritten {
		f.headerWritten = true
		if f.query.bom {
			dst = append(dst, string(byteOrderMark)...)
		}
		return f.columns.appendHeader(dst), true, nil
	}
	page, next, err := f.list.page(f.from, f.after, rowBatch)
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

// line appends the line of a row, if it is in the list.
func (f *csvFile[R]) line(dst []byte, row *R) ([]byte, error) {
	include, err := f.list.resolve(row)
	if err != nil || !include {
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
