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

// The types of lines that are not events.
const (
	// HeadType is the type of head lines in the first version of the format, ownHeadType in the second, which has
	// only this system's own events.
	HeadType    = "admitone.head.v1"
	ownHeadType = "admitone.head.v2"
	// BeginType is the type of the first line in the second version.
	BeginType = "admitone.export.v2"
)

// Bounds of a block, the events between two head lines.
const (
	blockEvents = 1024
	blockBytes  = 1 << 20
	// maxLine is the length limit of a line, in bytes.
	maxLine = 128 << 20
)

// head is the content of a head line.
type head struct {
	Size int64     `json:"size"`
	Root tlog.Hash `json:"root"`
	End  bool      `json:"end"`
	// Position is the position of the last event before the line, in the second version only.
	Position events.Position `json:"position"`
}

// The beginnings of head lines. No line with an event begins like them.
const (
	headStart    = `{"specversion":"1.0","type":"` + HeadType + `",`
	ownHeadStart = `{"specversion":"1.0","type":"` + ownHeadType + `",`
)

// startOf returns the beginning of head lines in the second version if own, otherwise in the first.
func startOf(own bool) string {
	if own {
		return ownHeadStart
	}
	return headStart
}

// beginLine is the first line of a file of the second version.
const beginLine = `{"specversion":"1.0","type":"` + BeginType + `","id":"0","source":"/v1/log/head",` +
	`"datacontenttype":"application/json","data":{"counts":"own"}}`

func (h *head) append(dst []byte, own bool) []byte {
	dst = append(dst, startOf(own)...)
	dst = append(dst, `"id":`...)
	dst = events.AppendJSONString(dst, strconv.FormatInt(h.Size, 10))
	dst = append(dst, `,"source":"/v1/log/head","datacontenttype":"application/json","data":`...)
	o := events.OpenObject(dst)
	o.Int("size", h.Size)
	if own {
		o.Int("position", int64(h.Position))
	}
	o.String("root", h.Root.String())
	o.Bool("end", h.End)
	return append(o.Close(), '}')
}

// errHead means that a line begins like a head line but is not one.
var errHead = errors.New("malformed head line")

func parseHead(line []byte, own bool) (h head, err error) {
	var outer struct {
		Data head `json:"data"`
	}
	if err := json.Unmarshal(line, &outer); err != nil {
		return h, fmt.Errorf("%w: %v", errHead, err)
	}
	if h = outer.Data; !bytes.Equal(h.append(nil, own), line) {
		return h, errHead
	}
	return h, nil
}
