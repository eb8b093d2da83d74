package esdbwire

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func TestOfficialClientAppendsAndReads(t *testing.T) {
	address, _ := serve(t, openLog(t), Config{Writable: true})
	for _, scheme := range []string{"esdb", "esdb+discover"} {
		client := official(t, "%s://%s?tls=false", scheme, address)
		ctx := within(t)
		var batch []esdb.EventData
		for i := range 1500 {
			batch = append(batch, esdb.EventData{EventType: "made", ContentType: esdb.ContentTypeJson, Data: fmt.Appendf(nil, `{"n":%d}`, i)})
		}
		result, err := client.AppendToStream(ctx, "made-"+scheme, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, batch...)
		if err != nil {
			t.Fatal(err)
		}
		if result.NextExpectedVersion != 1499 || result.CommitPosition == 0 {
			t.Errorf("%+v", result)
		}
		stream, err := client.ReadStream(ctx, "made-"+scheme, esdb.ReadStreamOptions{From: esdb.Start{}}, 5000)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		n := 0
		for ; ; n++ {
			e, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.Event.EventNumber != uint64(n) || string(e.Event.Data) != string(batch[n].Data) {
				t.Fatalf("%d: %+v", n, e.Event)
			}
		}
		if n != 1500 {
			t.Errorf("%d events", n)
		}
	}
}
