package history_test

import (
	"slices"
	"strings"
	"testing"

	"admitone/projections/logtest"
)

func TestDescribeBoxOffice(t *testing.T) {
	s := &logtest.Store{Log: logtest.CompletePerformance().Log, MaxRead: 10_000}
	for _, test := range []struct {
		kind, id string
		want     []string
	}{
		{"performance", "a", []string{`put on sale as "T a" at "V", 2031-06-01T20:00:00.000Z: 8 seats in 2 sections, held for 100 s, at most 4 per holder`,
			`edited; it is now "T a" at "V", 2031-06-02T20:00:00.000Z: A at 6, B-x at 0, held for 100 s, at most 4 per holder, on sale from 2031-05-01T20:02:09.000Z, closed from 2031-05-01T20:02:10.000Z`,
			"the sale opened, as scheduled for 2031-05-01T20:02:09.000Z",
			"the sale closed, as scheduled for 2031-05-01T20:02:10.000Z",
			`edited; it is now "T a" at "V", 2031-06-01T20:00:00.000Z: A at 5, B-x at 0, held for 100 s, at most 4 per holder, on sale from 2031-05-01T20:02:09.000Z`}},
		{"seat", "a~A-1-1", []string{"ada holds the seat until 2031-05-01T20:02:10.000Z: hold b.2.1",
			"ada has booked the seat: hold b.2.1"}},
		{"seat", "a~A-1-3", []string{
			"taken off sale by the organiser", "put back on sale by the organiser",
			"cy holds the seat until 2031-05-01T20:04:21.000Z: hold b.7.1",
			"cy's seat, which was held, was given back: hold b.7.1, because the booking was given back",
		}},
		{"seat", "a~A-2-2", []string{
			"bob holds the seat until 2031-05-01T20:02:11.000Z: hold b.4.1",
			"bob's hold of the seat ended at 2031-05-01T20:02:11.000Z: hold b.4.1",
			"bob holds the seat until 2031-05-01T20:02:41.000Z: hold b.4.2",
			"bob has booked the seat: hold b.4.2",
		}},
		{"booking", "b.4", []string{
			"bob holds A-2-2 of performance a for 5 until 2031-05-01T20:01:41.000Z",
			"not paid by 2031-05-01T20:01:41.000Z; its seats will be released",
			"a late payment of 5 began, which has to take the seats again: payment b.4.2",
			"the late payment has all the seats again, until 2031-05-01T20:02:41.000Z",
			"booked; 5 is paid: payment b.4.2",
		}},
		{"booking", "b.3", []string{
			"ada holds A-2-1 of performance a for 5 until 2031-05-01T20:01:41.000Z",
			"held until 2031-05-01T20:03:21.000Z now",
		}},
		{"booking", "b.8", []string{
			"attempt 1 to hold seats of performance a for cy was abandoned; its holds will be released",
			"cy holds A-2-3 of performance a for 5 until 2031-05-01T20:03:51.000Z",
		}},
		{"wallet", "bob", []string{"charged with 5: charge charge5; the balance is 5",
			"paid 5 for booking b.4: payment b.4.2; the balance is 0"}},
		{"allowance", "a~ada", []string{
			"2 seats taken until 2031-05-01T20:02:40.000Z: hold b.2.1; 2 in all",
			"2 seats kept for good: hold b.2.1; 2 in all",
			"1 seat taken until 2031-05-01T20:02:41.000Z: hold b.3.1; 3 in all",
			"taken until 2031-05-01T20:04:21.000Z now: hold b.3.1",
		}},
		{"holder", "cy", []string{
			"2 seats taken until 2031-05-01T20:04:51.000Z: hold b.7.1; 2 in all",
			"cy holds the seat until 2031-05-01T20:04:21.000Z: hold b.7.1",
			"cy holds the seat until 2031-05-01T20:04:21.000Z: hold b.7.1",
			"cy holds A-1-3, B-x-1-1 of performance a for 5 until 2031-05-01T20:03:51.000Z",
			"given back by the holder; it was held",
			"cy's seat, which was held, was given back: hold b.7.1, because the booking was given back",
			"cy's seat, which was held, was given back: hold b.7.1, because the booking was given back",
			"2 seats given back: hold b.7.1; 0 in all",
			"2 seats taken until 2031-05-01T20:04:51.000Z: hold b.8.1; 2 in all",
			"attempt 1 to hold seats of performance a for cy was abandoned; its holds will be released",
			"2 seats given back: hold b.8.1; 0 in all",
			"1 seat taken until 2031-05-01T20:04:51.000Z: hold b.8.2; 1 in all",
			"cy holds the seat until 2031-05-01T20:04:21.000Z: hold b.8.2",
			"cy holds A-2-3 of performance a for 5 until 2031-05-01T20:03:51.000Z",
			`its order data were updated: reference "R-7", "desk" is "R-7"`,
		}},
	} {
		for _, limit := range []int{1, 3, 500} {
			got := readHistory(t, s, test.kind, test.id, limit)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], ".000000001Z", ".000Z")
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s/%s by %d:\n%s\nwant\n%s", test.kind, test.id, limit, strings.Join(got, "\n"),
					strings.Join(test.want, "\n"))
			}
		}
	}
	if paid := readHistory(t, s, "holder", "bob", 500); len(paid) < 15 ||
		!slices.Contains(paid, "booked; 5 is paid: payment b.4.2") || strings.Contains(strings.Join(paid, "\n"), "ada") {
		t.Errorf("bob's history is\n%s\nwant at least 15 events, a paid booking, and nothing of ada", strings.Join(paid, "\n"))
	}
}
