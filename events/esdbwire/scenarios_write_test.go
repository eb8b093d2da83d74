package esdbwire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/status"
)

// appendExpectations tries every expectation on every condition of a stream, with new events.
func appendExpectations(s *transcript) {
	s.append("missing", "exists", "m1")
	s.append("missing", "0", "m1")
	s.append("missing", "7", "m1")
	s.append("a", "none", "a1", "a2")
	s.append("a", "none", "a3")
	s.append("a", "0", "a3")
	s.append("a", "2", "a3")
	s.append("a", "1", "a3")
	s.append("a", "any", "a4")
	s.append("a", "exists", "a5", "a6")
	s.append("b", "any", "b1")
	s.append("c", "18446744073709551615", "c1") // equivalent to none
	s.append("c", "18446744073709551615", "c2")
	// Metadata alone make a stream exist.
	s.append("$$d", "none", `d1|$metadata|{"$maxCount":5}`)
	s.append("d", "exists", "d2")
	s.append("e", "any", "e1")
	// A deleted stream accepts what its condition allows, and revisions continue.
	for _, name := range []string{"f", "g", "h", "i"} {
		s.append(name, "none", name+"1", name+"2")
		s.delete(name, "1")
	}
	s.append("f", "exists", "f3")
	s.append("f", "0", "f3")
	s.append("f", "none", "f3")
	s.append("g", "any", "g3")
	s.append("h", "1", "h3")
	s.append("h", "none", "h4")
	s.append("i", "2", "i3")
	s.read("f", "start")
	s.read("$$f", "start")
	s.tombstone("i", "any")
	for _, expected := range []string{"none", "any", "exists", "1", "5"} {
		s.append("i", expected, "i4")
	}
	s.append("$$i", "any", "i5|$metadata|{}")
	// Appends without events.
	s.append("j", "any")
	s.append("a", "5")
	s.append("a", "any")
	s.append("a", "3")
	s.append("a", "9")
}

// appendRepeated repeats appends.
func appendRepeated(s *transcript) {
	s.append("a", "none", "a1", "a2")
	s.append("a", "1", "a3", "a4")
	s.append("a", "none", "a1", "a2")
	s.append("a", "none", "a1")
	s.append("a", "none", "a1", "a2", "a3")
	s.append("a", "0", "a2")
	s.append("a", "1", "a3", "a4")
	s.append("a", "1", "a4")
	s.append("a", "1", "a3", "x1")
	s.append("a", "1", "a3", "a4", "a5")
	s.append("a", "3", "a3", "a4")  // expecting the end writes them again
	s.append("a", "any", "a1")      // known
	s.append("a", "any", "a1|made") // known, whatever its content
	s.append("a", "exists", "a2", "a3")
	s.append("a", "any", "a1", "y1") // one of them is unknown
	s.append("a", "any", "y1", "a1") // the first is unknown
	s.append("b", "any", "a1")       // known in another stream only
	s.read("a", "start")
	// Hidden events still exist.
	s.append("$$a", "any", `am|$metadata|{"$tb":4}`)
	s.append("a", "none", "a1", "a2")
	s.append("a", "any", "a2")
	s.delete("b", "any")
	s.append("b", "none", "a1")
	s.append("b", "none", "b2")
	s.read("b", "start")
}

// appendRefused sends invalid appends.
func appendRefused(s *transcript) {
	s.append("", "any", "a1")
	s.append("$$", "any", "a1")
	s.append(allName, "any", "a1")
	s.append("a", "", "a1")
	s.appendAs("append nothing at all")
	s.appendAs("append without options", s.proposed("a1"))
	s.appendAs("append with options twice", s.options("a", "any"), s.options("a", "any"))
	s.appendAs("append an empty message", s.options("a", "any"), &streams.AppendReq{})
	without := func(key string) *streams.AppendReq {
		m := s.proposed("a1")
		delete(m.GetProposedMessage().Metadata, key)
		return m
	}
	s.appendAs("append without a type", s.options("a", "any"), without("type"))
	s.appendAs("append without a content type", s.options("a", "any"), without("content-type"))
	s.appendAs("append the second without a type", s.options("a", "any"), s.proposed("a0"), without("type"))
	empty := s.proposed("a1")
	empty.GetProposedMessage().Metadata["type"] = ""
	s.appendAs("append with an empty type", s.options("a", "any"), empty)
	noID := s.proposed("a1")
	noID.GetProposedMessage().Id = &shared.UUID{
		Value: &shared.UUID_String_{String_: "00000000-0000-0000-0000-000000000000"},
	}
	s.appendAs("append with the nil id", s.options("a", "any"), noID)
	noID.GetProposedMessage().Id = nil
	s.appendAs("append without an id", s.options("a", "any"), noID)
	noID.GetProposedMessage().Id = &shared.UUID{Value: &shared.UUID_String_{String_: "a1"}}
	s.appendAs("append with an id that is none", s.options("a", "any"), noID)
	// A type counts for the limit only in batches, where each letter would be two of the 1,048,576 bytes.
	fits := strings.Repeat("x", 1<<20-2*4)
	s.appendAs("append the largest", s.options("large", "any"), s.proposed("l1|made|"+fits))
	s.appendAs("append a byte more", s.options("large", "any"), s.proposed("l2|made|"+fits+"x"))
	s.appendAs("append a byte more of metadata", s.options("large", "any"), s.proposed("l2|made|"+fits+"|x"))
	s.appendAs("append a letter more of a type", s.options("large", "any"), s.proposed("l2|made𝄞|"+fits[4:]+"x"))
	s.appendAs("append much more", s.options("large", "any"), s.proposed("l3|made|"+fits),
		s.proposed("l4|made|"+fits), s.proposed("l5|made|"+fits))
	s.read("a", "start")
	s.delete("", "any")
	s.delete("$$a", "any")
	s.tombstone("$$a", "any")
	s.delete("a", "")
	s.tombstone("a", "")
}

// appendSizes sends appends at the limit. Data and metadata count for it, types do not.
func appendSizes(s *transcript) {
	full := strings.Repeat("x", 1<<20)
	s.appendAs("append the largest", s.options("a", "any"), s.proposed("a1|made|"+full))
	s.appendAs("append a byte more", s.options("a", "any"), s.proposed("a2|made|"+full+"x"))
	s.appendAs("append a byte more of metadata", s.options("a", "any"), s.proposed("a2|made|"+full+"|x"))
	s.appendAs("append two that are a byte more", s.options("a", "any"), s.proposed("a2|made|"+full[4:]),
		s.proposed("a3|made|xxxxx"))
	s.appendAs("append two", s.options("a", "any"), s.proposed("a2|made|"+full[4:]), s.proposed("a3|made|xxxx"))
	// The metadata of a deleted stream keep the order of their members, and $tb is replaced in its place.
	s.append("b", "none", "b1", "b2")
	s.append("$$b", "none", `m1|$metadata|{"z":"<1>", "$tb":9223372036854775807,"a":{"$tb":7},"z":[2]}`)
	s.append("b", "1", "b3")
	s.read("$$b", "start")
}

// TestRefusedDeletes: if the expectation of a delete or a tombstone does not hold, the error names the expected and
// the actual version.
func TestRefusedDeletes(t *testing.T) {
	address, _ := serve(t, newMemlog(), Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	s.append("a", "none", "a1")
	want := "Delete failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d"
	for _, refused := range []struct {
		stream           string
		expected, actual int
	}{{"a", 7, 0}, {"missing", 3, -1}} {
		name := s.name(refused.stream)
		message := fmt.Sprintf(want, name.StreamName, refused.expected, refused.actual)
		_, err := s.client.Delete(s.ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{
			StreamIdentifier:       name,
			ExpectedStreamRevision: &streams.DeleteReq_Options_Revision{Revision: uint64(refused.expected)},
		}})
		if got := status.Convert(err).Message(); got != message {
			t.Errorf("%q, want %q", got, message)
		}
		_, err = s.client.Tombstone(s.ctx, &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{
			StreamIdentifier:       name,
			ExpectedStreamRevision: &streams.TombstoneReq_Options_Revision{Revision: uint64(refused.expected)},
		}})
		if got := status.Convert(err).Message(); got != message {
			t.Errorf("%q, want %q", got, message)
		}
	}
}

// streamMetadata exercises the effect of metadata on reads.
func streamMetadata(s *transcript) {
	s.append("a", "none", "a1", "a2", "a3", "a4", "a5")
	set := func(data string) {
		s.append("$$a", "any", "m"+data+"|$metadata|"+data)
		s.read("a", "start")
	}
	set(`{"$maxCount":2}`)
	s.read("a", "backward", "end")
	s.read("a", "1", "x1")
	s.read("a", "backward", "2")
	s.read("$$a", "start", "x1") // the newest, not the oldest
	s.read("$$a", "backward", "end")
	set(`{"$tb":3}`)
	set(`{"$maxCount":4,"$tb":2,"title":"mine"}`)
	set(`{"$tb":5}`)
	s.read("a", "start", "bounds")
	s.read("a", "backward", "end")
	set(`{"$tb":9}`)
	s.append("a", "4", "a6")
	set(`{"$tb":-1,"$maxCount":0,"$maxAge":-3}`)
	set(`{"$maxCount":1.5}`)
	set(`{"$maxCount":"1"}`)
	set(`{"$maxCount":1`)
	set(`null`)
	s.append("$$a", "any", `m9|$metadata!|{"$maxCount":1}`) // not JSON
	s.read("a", "start", "x2")
	s.append("$$a", "any", `m10|anything|{"$maxCount":1}`) // the type does not matter
	s.read("a", "start")
	set(`{"$maxAge":3600}`)
	s.append("$$none", "none", `m11|$metadata|{"$maxCount":1}`)
	s.read("none", "start")
	s.read("$$nothing", "start")
	s.append("$$a", "2", "m12|$metadata|{}")
	s.append("$$a", "exists", "m13|$metadata|{}")
	s.append("$$fresh", "exists", "m14|$metadata|{}")
}

// deleteStream deletes streams and restores them.
func deleteStream(s *transcript) {
	s.delete("missing", "any")
	s.delete("missing", "none")
	s.delete("missing", "exists")
	s.delete("missing", "0")
	s.append("a", "none", "a1", "a2", "a3")
	s.append("$$a", "none", `m1|$metadata|{"$maxCount":10,"mine":true}`)
	s.delete("a", "1")
	s.delete("a", "none")
	s.delete("a", "2")
	s.read("a", "start")
	s.read("a", "backward", "end", "bounds")
	s.read("$$a", "start")
	s.delete("a", "any")
	s.delete("a", "exists")
	s.delete("a", "2")
	s.append("a", "any", "a4")
	s.read("a", "start", "bounds")
	s.read("$$a", "start")
	s.delete("a", "exists")
	// Metadata restore a stream too, without its events.
	s.append("$$a", "any", `m2|$metadata|{"$maxCount":10,"mine":true}`)
	s.read("$$a", "start")
	s.read("a", "start")
	s.append("a", "3", "a5")
	s.read("a", "start")
	// A client may delete by metadata.
	s.append("$$a", "any", `m3|$metadata|{"$tb":9223372036854775807,"mine":1}`)
	s.read("a", "start")
	s.append("a", "4", "a6")
	s.read("$$a", "start")
	// Metadata alone can be deleted.
	s.append("$$d", "none", `m4|$metadata|{"mine":1}`)
	s.delete("d", "any")
	s.append("d", "none", "d1")
	s.read("d", "start")
	// Everything remains in the log.
	s.read(allName, "start", "stream:^(\\$\\$)?RUN(a|d)$")
}

// tombstoneStream ends streams permanently.
func tombstoneStream(s *transcript) {
	s.tombstone("missing", "exists")
	s.tombstone("missing", "3")
	s.tombstone("missing", "none")
	s.tombstone("missing", "any")
	s.append("a", "none", "a1", "a2")
	s.append("$$a", "none", `m1|$metadata|{"$maxCount":10}`)
	s.tombstone("a", "0")
	s.tombstone("a", "1")
	s.tombstone("a", "any")
	s.delete("a", "any")
	s.append("a", "none", "a1", "a2")
	s.append("$$a", "any", `m2|$metadata|{}`)
	s.read("a", "start")
	s.read("a", "backward", "end")
	s.read("$$a", "start")
	s.subscribe("a", "start").until("nothing")
	s.append("b", "none", "b1")
	s.delete("b", "any")
	s.tombstone("b", "any")
	s.read("b", "start")
	// Names may be in any script, but trailers are ASCII.
	s.tombstone("ü", "any")
	s.append("ü", "any", "u1")
	s.read("ü", "start")
	// An event that merely looks like a tombstone is not one.
	s.append("c", "none", "c1|$streamDeleted!||")
	s.append("c", "0", "c2|$streamDeleted!||\x00t")
	s.read("c", "start")
	s.read(allName, "start", "stream:^(\\$\\$)?RUN", "text")
}
