package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors/admission"
)

// roomCollector collects the metrics of the waiting rooms that this node runs. Only organisers create
// rooms, so the number of label values is bounded.
type roomCollector struct {
	rooms                              *admission.Rooms
	waiting, active, admitted, measure *prometheus.Desc
}

func newRoomCollector(rooms *admission.Rooms) *roomCollector {
	about := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("admitone_waiting_room_"+name, help, []string{"room"}, nil)
	}
	return &roomCollector{
		rooms:    rooms,
		waiting:  about("waiting", "Waiting visitors."),
		active:   about("active", "Active passes."),
		admitted: about("admitted_total", "Admitted visitors."),
		measure:  about("admitted_per_second", "Measured admissions per second, on which estimates are based."),
	}
}

// Describe implements [prometheus.Collector].
func (c *roomCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.waiting, c.active, c.admitted, c.measure} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *roomCollector) Collect(to chan<- prometheus.Metric) {
	for _, l := range c.rooms.Running() {
		to <- prometheus.MustNewConstMetric(c.waiting, prometheus.GaugeValue, float64(l.Waiting), l.ID)
		to <- prometheus.MustNewConstMetric(c.active, prometheus.GaugeValue, float64(l.Active), l.ID)
		to <- prometheus.MustNewConstMetric(c.admitted, prometheus.CounterValue, float64(l.Admitted), l.ID)
		to <- prometheus.MustNewConstMetric(c.measure, prometheus.GaugeValue, l.PerSecond, l.ID)
	}
}

// runningRooms returns the metric of the number of waiting rooms that this node runs.
func runningRooms(rooms *admission.Rooms) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "admitone_cluster_rooms_running",
		Help: "Waiting rooms that this node runs; each room is run by one node."}, func() (n float64) {
		for _, line := range rooms.Running() {
			if rooms.Runs(line) {
				n++
			}
		}
		return n
	})
}
