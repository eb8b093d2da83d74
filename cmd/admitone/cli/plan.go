package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"admitone/actors/core"
	"admitone/api/input"
	"admitone/cmd/admitone/planfile"
	"admitone/cmd/admitone/remote"
	"admitone/events"
)

// planPatience is as long as the server waits for a plan, and some time to store it.
const planPatience = 4 * time.Minute

func newPlan() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Make a hall, check its file, or store it on a server",
		Long: "A hall is a seating plan in JSON, in the form of pretix's plans, or a table in CSV with the\n" +
			"first line zone,row,number,x,y,category and a line for each seat.",
		Example: "  admitone plan check parlour.json\n" +
			"  admitone plan import parlour.csv --id parlour --name Parlour --url http://127.0.0.1:8080",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newPlanCheck(), newPlanGenerate(), newPlanImport())
	for _, command := range cmd.Commands() {
		checkArguments(command)
	}
	return cmd
}

func newPlanCheck() *cobra.Command {
	var file hallFile
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check the file of a hall offline",
		Long: "Checks a hall as the server would, without one. Prints what is in it, or what is wrong and\n" +
			"where, and ends with status 1 then. - is standard input.",
		Example: "  admitone plan check parlour.json\n  admitone plan check parlour.csv --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := file.read(cmd, args[0]); err != nil {
				return err
			}
			if file.faults == nil {
				_, file.faults = planfile.Body(file.plan, file.plan.ID)
			}
			return file.report(cmd.OutOrStdout(), asJSON)
		},
	}
	file.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "the result as a JSON object")
	return cmd
}

func newPlanImport() *cobra.Command {
	var file hallFile
	var id, address, token string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Store the hall of a file on a server",
		Long: "Checks a hall and stores it on a running server. A plan never changes: the same file under\n" +
			"the same id again is fine, another one is refused with status 1. - is standard input.",
		Example: "  admitone plan import parlour.json --url http://127.0.0.1:8080 --token $TOKEN\n" +
			"  admitone plan import parlour.csv --id parlour --name Parlour --url http://127.0.0.1:8080",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if address == "" {
				return usagef("give the address of a server with --url, such as http://127.0.0.1:8080")
			}
			if id != "" && !input.ValidID(id) {
				return usagef("--id is 1 to 64 of A-Z a-z 0-9 _ and -, not %q", id)
			}
			server, err := remote.New(address, token)
			if err != nil {
				return err
			}
			if err := file.read(cmd, args[0]); err != nil {
				return err
			}
			return file.store(cmd, server, events.PlanID(id), asJSON)
		},
	}
	file.flags(cmd)
	cmd.Flags().StringVar(&id, "id", "", "id of the plan (default: that in the file, or else one that the server makes)")
	cmd.Flags().StringVar(&address, "url", "", "address of the server, for example http://127.0.0.1:8080")
	cmd.Flags().StringVar(&token, "token", "", "an admin's token; needed when the server runs with --auth jwt")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// hallFile is a hall read from a file, or its faults.
type hallFile struct {
	name   string
	plan   *events.SeatingPlan
	hall   *events.Hall
	faults []planfile.Fault
}

func (f *hallFile) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "name", "", "name of a hall in CSV (default: that of the file, without .csv)")
}

// read reads a file. An error is one of usage: faults of the file are none.
func (f *hallFile) read(cmd *cobra.Command, path string) error {
	text, err := readFile(cmd, path, planfile.MaxBytes+1)
	if err != nil {
		return err
	}
	if planfile.IsCSV(path, text) {
		switch {
		case f.name == "" && path == "-":
			return usagef("say with --name what the hall is called")
		case f.name == "":
			base := filepath.Base(path)
			f.name = strings.TrimSuffix(base, filepath.Ext(base))
		}
		f.plan, f.hall, f.faults = planfile.ReadCSV(text, f.name)
		return nil
	}
	if f.name != "" {
		return usagef("--name is for CSV; a seating plan in JSON has its name in the file")
	}
	f.plan, f.hall, f.faults = planfile.ReadJSON(text)
	return nil
}

// store sends the hall to a server, under its own id if there is no other.
func (f *hallFile) store(cmd *cobra.Command, server *remote.Log, id events.PlanID, asJSON bool) error {
	var body []byte
	if f.faults == nil {
		if id == "" {
			id = f.plan.ID
		}
		body, f.faults = planfile.Body(f.plan, id)
	}
	out := cmd.OutOrStdout()
	if f.faults != nil {
		return f.report(out, asJSON)
	}
	server.Within(planPatience)
	var answer json.RawMessage
	err := server.Call(cmd.Context(), http.MethodPost, "/v1/plans", string(body), &answer)
	if refused := (*remote.Problem)(nil); errors.As(err, &refused) && refused.Code == core.CodeAlreadyExists {
		detail := fmt.Sprintf("the server has another plan %s, and a plan never changes; give this one another --id", id)
		f.faults = []planfile.Fault{{Place: "id", Detail: detail}}
		return f.report(out, asJSON)
	}
	if err != nil {
		return err
	}
	if asJSON {
		_, err = fmt.Fprintf(out, "%s\n", answer)
		return err
	}
	var stored struct {
		ID            string
		Seats, Places int64
	}
	if err := json.Unmarshal(answer, &stored); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "the server has the plan %s (seats: %d, standing places: %d)\n", stored.ID, stored.Seats,
		stored.Places)
	return err
}

// hallReport is the result of plan check, as printed with --json.
type hallReport struct {
	Good bool `json:"good"`
	// Faults of an invalid file; all other members are omitted then.
	Faults     []planfile.Fault `json:"faults,omitempty"`
	Name       string           `json:"name,omitempty"`
	Rows       int              `json:"rows,omitempty"`
	Seats      int              `json:"seats,omitempty"`
	Places     int64            `json:"places,omitempty"`
	Zones      []hallZone       `json:"zones,omitempty"`
	Areas      []hallArea       `json:"areas,omitempty"`
	Categories []hallCategory   `json:"categories,omitempty"`
}

type hallZone struct {
	Zone  string `json:"zone"`
	Rows  int    `json:"rows"`
	Seats int    `json:"seats"`
}

type hallArea struct {
	Area     string `json:"area"`
	Zone     string `json:"zone"`
	Capacity int64  `json:"capacity"`
	Category string `json:"category"`
}

type hallCategory struct {
	Category string `json:"category"`
	Color    string `json:"color"`
	Seats    int64  `json:"seats"`
	Places   int64  `json:"places"`
}

// result summarises the hall.
func (f *hallFile) result() hallReport {
	if f.faults != nil {
		return hallReport{Faults: f.faults}
	}
	h := f.hall
	r := hallReport{Good: true, Name: h.DisplayName, Rows: len(h.Rows()), Seats: h.Seats(), Places: h.Places()}
	section := 0 // the next one: zones without seats are none
	for i := range f.plan.Zones {
		z := hallZone{Zone: f.plan.Zones[i].ZoneID}
		if z.Zone == "" {
			z.Zone = f.plan.Zones[i].Name
		}
		if s := h.Sections(); section < len(s) && s[section].ID == events.SectionID(z.Zone) {
			rows := h.RowsOf(section)
			z.Rows, z.Seats = len(rows), int(rows[len(rows)-1].End-rows[0].First)
			section++
		}
		r.Zones = append(r.Zones, z)
	}
	for i := range h.Areas {
		a := &h.Areas[i]
		r.Areas = append(r.Areas, hallArea{string(a.ID), string(a.Zone), a.Capacity, h.Categories[a.Category].Name})
	}
	for i := range h.Categories {
		c := &h.Categories[i]
		r.Categories = append(r.Categories, hallCategory{c.Name, c.Color, c.Seats, c.Places})
	}
	return r
}

// report prints the result. The error is errFoundWrong if the file has faults.
func (f *hallFile) report(out io.Writer, asJSON bool) error {
	r := f.result()
	var err error
	switch {
	case asJSON:
		err = json.NewEncoder(out).Encode(r)
	case r.Good:
		err = r.print(out)
	default:
		for _, fault := range r.Faults {
			if _, err = fmt.Fprintln(out, "bad:", fault); err != nil {
				break
			}
		}
	}
	if err == nil && !r.Good {
		err = errFoundWrong
	}
	return err
}

func (r *hallReport) print(to io.Writer) error {
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "good: %s (rows: %d, seats: %d, standing places: %d)\n", r.Name, r.Rows, r.Seats, r.Places)
	for _, z := range r.Zones {
		fmt.Fprintf(out, "zone\t%s\trows: %d\tseats: %d\n", z.Zone, z.Rows, z.Seats)
	}
	for _, a := range r.Areas {
		fmt.Fprintf(out, "area\t%s\tplaces: %d\tof %s, in %s\n", a.Area, a.Capacity, a.Category, a.Zone)
	}
	for _, c := range r.Categories {
		fmt.Fprintf(out, "category\t%s\tseats: %d\tplaces: %d\t%s\n", c.Category, c.Seats, c.Places, c.Color)
	}
	return out.Flush()
}
