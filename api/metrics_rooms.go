package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors/admission"
)

// roomCollector collects the metrics of the waiting rooms that this node knows. Only admins create rooms, so callers
// can't make the number of label values grow.
type roomCollector struct {
	rooms                                *admission.Rooms
	waiting, active, admitted, perSecond *prometheus.Desc
}

func newRoomCollector(rooms *admission.Rooms) *roomCollector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("admitone_waiting_room_"+name, help, []string{"room"}, nil)
	}
	return &roomCollector{
		rooms:     rooms,
		waiting:   desc("waiting", "Waiting visitors."),
		active:    desc("active", "Active passes."),
		admitted:  desc("admitted_total", "Admitted visitors."),
		perSecond: desc("admitted_per_second", "Measured admissions per second, on which estimates are based."),
	}
}

// Describe implements [prometheus.Collector].
func (c *roomCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.waiting, c.active, c.admitted, c.perSecond} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *roomCollector) Collect(to chan<- prometheus.Metric) {
	for _, l := range c.rooms.Lines() {
		to <- prometheus.MustNewConstMetric(c.waiting, prometheus.GaugeValue, float64(l.Waiting), l.ID)
		to <- prometheus.MustNewConstMetric(c.active, prometheus.GaugeValue, float64(l.Active), l.ID)
		to <- prometheus.MustNewConstMetric(c.admitted, prometheus.CounterValue, float64(l.Admitted), l.ID)
		to <- prometheus.MustNewConstMetric(c.perSecond, prometheus.GaugeValue, l.PerSecond, l.ID)
	}
}

// runningRooms returns the metric of the number of waiting rooms that this node runs.
func runningRooms(rooms *admission.Rooms) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "admitone_cluster_rooms_running",
		Help: "Waiting rooms that this node runs; each room is run by one node."}, func() (n float64) {
		for _, line := range rooms.Lines() {
			if rooms.Runs(line) {
				n++
			}
		}
		return n
	})
}
