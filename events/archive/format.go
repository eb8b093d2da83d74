package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// HeadType is the type of the lines that are not events of the log.
const HeadType = "admitone.head.v1"

// Bounds of a block, the events between two head lines.
const (
	blockEvents = 1024
	blockBytes  = 1 << 20
	// maxLine is the longest line that is read, in bytes.
	maxLine = 128 << 20
)

// head is the content of a head line.
type head struct {
	Size int64     `json:"size"`
	Root tlog.Hash `json:"root"`
	End  bool      `json:"end"`
}

// headStart begins every head line, and no event's line.
const headStart = `{"specversion":"1.0","type":"` + HeadType + `",`

func (h *head) append(dst []byte) []byte {
	dst = append(dst, headStart...)
	dst = append(dst, `"id":`...)
	dst = events.AppendJSONString(dst, strconv.FormatInt(h.Size, 10))
	dst = append(dst, `,"source":"/v1/log/head","datacontenttype":"application/json","data":`...)
	o := events.OpenObject(dst)
	o.Int("size", h.Size)
	o.String("root", h.Root.String())
	o.Bool("end", h.End)
	return append(o.Close(), '}')
}

// errHead: a line that begins like a head line but is not one.
var errHead = errors.New("malformed head line")

func parseHead(line []byte) (h head, err error) {
	var outer struct {
		Data head `json:"data"`
	}
	if err := json.Unmarshal(line, &outer); err != nil {
		return h, fmt.Errorf("%w: %v", errHead, err)
	}
	if h = outer.Data; !bytes.Equal(h.append(nil), line) {
		return h, errHead
	}
	return h, nil
}
