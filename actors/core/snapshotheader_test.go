package core

import (
	"bytes"
	"reflect"
	"testing"
)

func TestHead(t *testing.T) {
	type head struct {
		Name  string
		Units int64
	}
	want := head{"Lamp \"x\"", 1 << 60}
	written, err := AppendSnapshotHeader([]byte("before"), want)
	if err != nil {
		t.Fatal(err)
	}
	in := bytes.NewBuffer(append(written[len("before"):], "behind"...))
	var got head
	if err := ReadSnapshotHeader(in, &got); err != nil || got != want || in.String() != "behind" {
		t.Errorf("read %+v, %v, and left %q", got, err, in)
	}
	for size := range len(written) - len("before") {
		if err := ReadSnapshotHeader(bytes.NewReader(written[6:6+size]), &got); err == nil {
			t.Errorf("%d of %d bytes were a head", size, len(written)-6)
		}
	}
	if err := ReadSnapshotHeader(bytes.NewReader([]byte{0, 0, 0, 255}), &got); err == nil {
		t.Error("a head of four gigabytes was read")
	}
	if _, err := AppendSnapshotHeader(nil, make(chan int)); err == nil {
		t.Error("a channel was written as a head")
	}
}

func TestOr(t *testing.T) {
	zero := 0
	if got := [2]int{Or(nil, 7), Or(&zero, 7)}; !reflect.DeepEqual(got, [2]int{7, 0}) {
		t.Errorf("got %v, want the one that is there", got)
	}
}
