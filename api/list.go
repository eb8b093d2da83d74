package api

import (
	"encoding/base64"

	"github.com/gofiber/fiber/v2"

	"admitone/events"
)

// paging has the query parameters of a list.
type paging struct {
	// after is the decoded cursor of the page, "" for the first page.
	after string
	limit int
}

// paging parses the query parameters limit and cursor.
func (r *request) paging() (p paging, err error) {
	if p.limit, err = r.limit(); err != nil {
		return p, err
	}
	p.after, err = r.cursor()
	return p, err
}

// numberedPaging is paging for a list whose cursors are numbers.
func (r *request) numberedPaging() (after uint64, limit int, err error) {
	p, err := r.paging()
	if err != nil {
		return 0, 0, err
	}
	position, err := numberCursor[events.Position](p.after)
	return uint64(position), p.limit, err
}

// list answers with {"items":[…],"next":…}. item appends the item with index i, 0 ≤ i < size, or nothing to leave it
// out. next is the decoded cursor of the next page, "" if this is the last one. more, unless nil, appends further
// members.
func (r *request) list(size int, next string, item func(dst []byte, i int) ([]byte, error),
	more func(*events.Object)) error {
	o := events.OpenObject(make([]byte, 0, 256*(size+1)))
	o.Key("items")
	o.Buf = append(o.Buf, '[')
	for i, first := 0, true; i < size; i++ {
		before := len(o.Buf)
		if !first {
			o.Buf = append(o.Buf, ',')
		}
		itemStart := len(o.Buf)
		var err error
		if o.Buf, err = item(o.Buf, i); err != nil {
			return err
		}
		if len(o.Buf) == itemStart {
			o.Buf = o.Buf[:before]
			continue
		}
		first = false
	}
	o.Buf = append(o.Buf, ']')
	o.Key("next")
	o.Buf = appendCursor(o.Buf, next)
	if more != nil {
		more(&o)
	}
	return r.json(fiber.StatusOK, o.Close())
}

// appendCursor appends an encoded cursor, null for "".
func appendCursor(dst []byte, after string) []byte {
	if after == "" {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = base64.RawURLEncoding.AppendEncode(dst, []byte(after))
	return append(dst, '"')
}
