package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors/admission"
)

// roomCollector collects the figures of the waiting rooms that this node runs. Only organisers
// create rooms, so their names are a bounded label.
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
		waiting:  about("waiting", "Visitors who wait."),
		active:   about("active", "Passes that go on."),
		admitted: about("admitted_total", "Visitors who were let in."),
		measure:  about("admitted_per_second", "Visitors let in per second, as measured; estimates are made of it."),
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
