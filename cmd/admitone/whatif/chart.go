package whatif

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// The dimensions of the chart, in pixels.
const (
	chartWidth, chartHeight            = 800, 400
	marginLeft, marginRight, marginTop = 70, 20, 50
	marginBottom                       = 45
)

// chart is a drawing of several series on the same axes.
type chart struct {
	bytes.Buffer
	begin, end time.Time
	highest    int64
}

// Chart writes an SVG drawing of sales over time, as recorded and under the policy. It needs no
// other files and follows the viewer's colour scheme.
func (c *Comparison) Chart(out io.Writer) error {
	d := newChart(c.recorded.points, c.whatIf.points)
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="sold over time">
<style>
svg { font: 13px system-ui, sans-serif; background: #fff; color: #222 }
text { fill: currentColor } .grid { stroke: #8884 } .line { fill: none; stroke-width: 2 }
.recorded { stroke: #6b7280; stroke-dasharray: 6 4 } .whatif { stroke: #2563eb }
@media (prefers-color-scheme: dark) { svg { background: #16181d; color: #ddd } .whatif { stroke: #7aa7ff } }
</style>
<text x="%d" y="24" font-size="16">Sold: units, seats and slots together</text>
`, chartWidth, chartHeight, marginLeft)
	d.axes()
	d.legend(chartWidth-330, "recorded", "recorded")
	d.legend(chartWidth-200, "whatif", "what if")
	d.line("recorded", c.recorded.points)
	d.line("whatif", c.whatIf.points)
	d.WriteString("</svg>\n")
	_, err := d.WriteTo(out)
	return err
}

func newChart(all ...[]point) *chart {
	d := &chart{highest: 1}
	for _, points := range all {
		for _, p := range points {
			if d.begin.IsZero() || p.at.Before(d.begin) {
				d.begin = p.at
			}
			d.end = maxTime(d.end, p.at)
			d.highest = max(d.highest, p.total)
		}
	}
	if !d.end.After(d.begin) {
		d.end = d.begin.Add(time.Second)
	}
	return d
}

// x and y return the coordinates of a time and a total.
func (d *chart) x(at time.Time) float64 {
	part := float64(at.Sub(d.begin)) / float64(d.end.Sub(d.begin))
	return marginLeft + part*(chartWidth-marginLeft-marginRight)
}

func (d *chart) y(total int64) float64 {
	return chartHeight - marginBottom - float64(total)/float64(d.highest)*(chartHeight-marginTop-marginBottom)
}

// axes draws a grid line with a label for every step of the totals, and five labels of times.
func (d *chart) axes() {
	for total, step := int64(0), stepOf(d.highest); total <= d.highest; total += step {
		y := d.y(total)
		label := number(total)
		if total == 0 {
			label = "0"
		}
		fmt.Fprintf(d, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, marginLeft,
			chartWidth-marginRight, y, y)
		fmt.Fprintf(d, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", marginLeft-8, y+4, label)
	}
	const intervals = 4
	span := d.end.Sub(d.begin)
	for i := range intervals + 1 {
		after := span * time.Duration(i) / intervals
		at, anchor := d.begin.Add(after), "middle"
		label := "+" + after.Round(max(time.Millisecond, span/1000).Truncate(time.Millisecond)).String()
		switch i {
		case 0:
			label, anchor = at.UTC().Format("2006-01-02 15:04:05"), "start"
		case intervals:
			anchor = "end"
		}
		fmt.Fprintf(d, `<text x="%.1f" y="%d" text-anchor="%s">%s</text>`+"\n",
			d.x(at), chartHeight-marginBottom+22, anchor, label)
	}
}

// stepOf returns the smallest step, 1, 2 or 5 times a power of ten, with at most ten steps up to highest.
func stepOf(highest int64) int64 {
	for step := int64(1); ; step *= 10 {
		for _, times := range []int64{1, 2, 5} {
			if highest/(step*times) <= 10 {
				return step * times
			}
		}
	}
}

func (d *chart) legend(x int, class, label string) {
	fmt.Fprintf(d, `<line class="line %s" x1="%d" x2="%d" y1="20" y2="20"/><text x="%d" y="24">%s</text>`+"\n",
		class, x, x+30, x+38, label)
}

// line draws a series in steps.
func (d *chart) line(class string, points []point) {
	fmt.Fprintf(d, `<path class="line %s" d="M%.1f %.1f`, class, d.x(d.begin), d.y(0))
	for _, p := range points {
		fmt.Fprintf(d, "H%.1fV%.1f", d.x(p.at), d.y(p.total))
	}
	fmt.Fprintf(d, "H%d\"/>\n", chartWidth-marginRight)
}
