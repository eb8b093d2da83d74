package whatif

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// row is a row of the table, with the formatted figures of both sides.
type row struct {
	name             string
	recorded, whatIf string
}

// Table writes the comparison for people. Figures that are 0 on both sides are left out.
func (c *Comparison) Table(out io.Writer) error {
	policy := "the policy as it was"
	if len(c.Policy) > 0 {
		parts := make([]string, 0, len(c.Policy))
		for _, name := range slices.Sorted(maps.Keys(c.Policy)) {
			parts = append(parts, fmt.Sprintf("%s=%d", name, c.Policy[name]))
		}
		policy = strings.Join(parts, " ")
	}
	fmt.Fprintf(out, "positions %d to %d, %d intents; what if: %s\n\n", c.From, c.To, c.Intents, policy)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\trecorded\twhat if\t")
	for _, r := range c.rows() {
		fmt.Fprintf(w, "%s\t%s\t%s\t\n", r.name, r.recorded, r.whatIf)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nPeople who requested nothing because nothing was left are in no log; see --help "+
		"for the assumptions.")
	return err
}

func (c *Comparison) rows() (rows []row) {
	add := func(name string, of func(*Figures) string) {
		if was, is := of(&c.Recorded), of(&c.WhatIf); was != "" || is != "" {
			rows = append(rows, row{name, orNone(was), orNone(is)})
		}
	}
	count := func(name string, of func(*Figures) int64) {
		add(name, func(f *Figures) string { return number(of(f)) })
	}
	count("units sold", func(f *Figures) int64 { return f.UnitsSold })
	count("seats booked", func(f *Figures) int64 { return f.SeatsBooked })
	count("teams entered", func(f *Figures) int64 { return f.TeamsEntered })
	count("teams waiting", func(f *Figures) int64 { return f.TeamsWaiting })
	count("takings, minor units", func(f *Figures) int64 { return f.Takings })
	count("holds expired", func(f *Figures) int64 { return f.HoldsExpired })
	count("bookings expired", func(f *Figures) int64 { return f.BookingsExpired })
	count("given back", func(f *Figures) int64 { return f.GivenBack })
	count("buyers", func(f *Figures) int64 { return f.Buyers })
	add("share of the top ten", func(f *Figures) string { return percent(f.TopTenShare) })
	add("share of the top 1 %", func(f *Figures) string { return percent(f.TopPercentShare) })
	add("last sale", func(f *Figures) string {
		if f.LastSale == nil {
			return ""
		}
		return f.LastSale.UTC().Format("2006-01-02 15:04:05")
	})
	count("admitted", func(f *Figures) int64 { return f.Admitted })
	count("places lost", func(f *Figures) int64 { return f.PlacesLost })
	add("wait, median", func(f *Figures) string { return seconds(f.Wait.P50) })
	add("wait, 90 %", func(f *Figures) string { return seconds(f.Wait.P90) })
	add("wait, 99 %", func(f *Figures) string { return seconds(f.Wait.P99) })
	add("wait, longest", func(f *Figures) string { return seconds(f.Wait.Max) })
	codes := maps.Clone(c.Recorded.Refused)
	maps.Copy(codes, c.WhatIf.Refused)
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		count("refused: "+string(code), func(f *Figures) int64 { return f.Refused[code] })
	}
	return rows
}

func orNone(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// number formats n with thousands separators; "" for 0.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

func percent(share float64) string {
	if share == 0 {
		return ""
	}
	return strconv.FormatFloat(100*share, 'f', 1, 64) + " %"
}

func seconds(s float64) string {
	if s == 0 {
		return ""
	}
	return time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond).String()
}
