package esdbwire

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"admitone/events"
)

// writeNew makes the tests write missing transcripts. Compare them with the description of the protocol
// before you commit them.
var writeNew = flag.Bool("write-new", false, "write the transcripts that are missing")

// realVariable names the variable with the address of a real EventStoreDB.
const realVariable = "ADMITONE_TEST_ESDB"

// scenario is a sequence of calls to which every server should give the same answers.
type scenario struct {
	name string
	play func(*transcript)
	// wireOnly means that only an esdbwire server can run the scenario, because the answers depend on the
	// whole log or on the configuration.
	wireOnly bool
}

var scenarios = []scenario{
	{"append-expectations", appendExpectations, false},
	{"append-repeated", appendRepeated, false},
	{"append-refused", appendRefused, false},
	{"append-sizes", appendSizes, false},
	{"batch", batchAppends, false},
	{"read-stream", readStream, false},
	{"read-all", readAll, false},
	{"read-refused", readRefused, false},
	{"metadata", streamMetadata, false},
	{"delete", deleteStream, false},
	{"tombstone", tombstoneStream, false},
	{"subscribe-stream", subscribeStream, false},
	{"subscribe-all", subscribeAll, true},
	{"checkpoints", checkpoints, true},
}

// TestTranscripts runs every scenario against a server of each kind of log, and compares the
// answers with the transcripts. TestRecorded compares the transcripts with the answers of a real EventStoreDB.
func TestTranscripts(t *testing.T) {
	for _, scenario := range scenarios {
		t.Run(scenario.name, func(t *testing.T) {
			for kind, store := range map[string]events.Store{"embedded": openLog(t), "memory": multilog{newMemlog()}} {
				t.Run(kind, func(t *testing.T) {
					address, _ := serve(t, store, Config{Writable: true})
					s := newTranscript(t, dial(t, address))
					scenario.play(s)
					compare(t, scenario.name, s.transcript())
				})
			}
		})
	}
}

// TestTranscriptsReal runs the scenarios against a real EventStoreDB.
func TestTranscriptsReal(t *testing.T) {
	connection := os.Getenv(realVariable)
	if connection == "" {
		t.Skipf("%s is not set; set it to the address of an EventStoreDB, such as esdb://host:2113?tls=false", realVariable)
	}
	address, query, _ := strings.Cut(strings.TrimPrefix(connection, "esdb://"), "?")
	security := credentials.NewTLS(nil)
	if strings.Contains(query, "tls=false") {
		security = insecure.NewCredentials()
	}
	client, err := grpc.NewClient(address, grpc.WithTransportCredentials(security))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, scenario := range scenarios {
		if scenario.wireOnly {
			continue
		}
		t.Run(scenario.name, func(t *testing.T) {
			s := newTranscript(t, client)
			scenario.play(s)
			compare(t, scenario.name, s.transcript())
		})
	}
}

// compare compares a transcript with the committed one.
func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "transcripts", name+".txt")
	want, err := os.ReadFile(path)
	if os.IsNotExist(err) && *writeNew {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v; write it with -write-new", err)
	}
	if got == string(want) {
		return
	}
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(wantLines), len(gotLines)) {
		a, b := line(wantLines, i), line(gotLines, i)
		if a != b {
			t.Errorf("%s:%d\nwant %s\ngot  %s", path, i+1, a, b)
			return
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}
