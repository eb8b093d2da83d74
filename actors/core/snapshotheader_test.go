package core

import (
	"bytes"
	"reflect"
	"testing"
)

func TestSnapshotHeader(t *testing.T) {
	type head struct {
		Name  string
		Units int64
	}
	want := head{"Lamp \"x\"", 1 << 60}
	written, err := AppendSnapshotHeader([]byte("before"), want)
	if err != nil {
		t.Fatal(err)
	}
	in := bytes.NewBuffer(append(written[len("before"):], "after"...))
	var got head
	if err := ReadSnapshotHeader(in, &got); err != nil || got != want || in.String() != "after" {
		t.Errorf("header = %+v, %v, rest = %q; want %+v, rest = after", got, err, in, want)
	}
	for size := range len(written) - len("before") {
		if err := ReadSnapshotHeader(bytes.NewReader(written[6:6+size]), &got); err == nil {
			t.Errorf("ReadSnapshotHeader accepted %d of %d bytes", size, len(written)-6)
		}
	}
	if err := ReadSnapshotHeader(bytes.NewReader([]byte{0, 0, 0, 255}), &got); err == nil {
		t.Error("ReadSnapshotHeader accepted a length of 4 GiB, want an error")
	}
	if _, err := AppendSnapshotHeader(nil, make(chan int)); err == nil {
		t.Error("AppendSnapshotHeader accepted a channel, want an error")
	}
}

func TestOr(t *testing.T) {
	zero := 0
	if got := [2]int{Or(nil, 7), Or(&zero, 7)}; !reflect.DeepEqual(got, [2]int{7, 0}) {
		t.Errorf("Or = %v, want [7 0]", got)
	}
}
