package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"admitone/api"
)

// TestTournamentPage opens the pages of tournaments of a complete server in a browser.
func TestTournamentPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"two teams and the last slot":        lastSlot,
		"places on the waitlist move up":     moveUpPlaces,
		"the list is live":                   tournamentsLive,
		"a promotion during an outage":       promotedDuringOutage,
		"a lost answer is not a second team": lostEntry,
		"a long waitlist":                    longWaitlist,
		"closed, reopened and after sign-up": closedAndOpen,
		"by keyboard":                        signUpByKeyboard,
		"on a phone":                         signUpOnPhone,
		"with a token":                       signUpWithToken,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

// serveTournament starts a server with a tournament "cup". more has further members of its JSON, after a
// comma.
func serveTournament(t *testing.T, slots int, more string) *testServer {
	t.Helper()
	s := serveIn(t, t.TempDir(), nil)
	s.send("POST", "/v1/tournaments", fmt.Sprintf(
		`{"id":"cup","name":"The cup","team_limit":%d,"register_deadline":"2999-01-01T00:00:00Z"%s}`, slots, more))
	return s
}

// registerTeams registers teams and enters them, directly through the API.
func (s *testServer) registerTeams(teams ...string) {
	s.t.Helper()
	for _, team := range teams {
		s.send("POST", "/v1/teams", fmt.Sprintf(`{"id":%q,"name":"Team %s"}`, team, team))
		s.send("POST", "/v1/tournaments/cup/entries", fmt.Sprintf(`{"team_id":%q}`, team))
	}
}

// editTournament edits the tournament "cup".
func (s *testServer) editTournament(body string) {
	s.t.Helper()
	var now struct{ Revision int }
	if err := json.Unmarshal([]byte(s.send("GET", "/v1/tournaments/cup", "")), &now); err != nil {
		s.t.Fatal(err)
	}
	s.sendWith("PATCH", "/v1/tournaments/cup", body, "If-Match", fmt.Sprintf(`"%d"`, now.Revision))
}

const (
	standing    = `document.querySelector('#team [data-field="standing"]')`
	teamMessage = `document.querySelector("#team-message")`
	free        = `document.querySelector('.tournament [data-field="remaining"]')`
)

// act returns the expression for the button of an action.
func act(action string) string {
	return fmt.Sprintf(`document.querySelector('[data-action="%s"]')`, action)
}

// teams returns the expression for the names in a list, in order.
func teams(list string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#%s li")].map((li) => li.textContent).join(", ")`, list)
}

// waitLists waits for the names in both lists.
func (p *tab) waitLists(entered, waitlisted string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`%s === %q && %s === %q`, teams("entered"), entered, teams("waitlisted"), waitlisted))
}

// openWithTeam opens the tournament's page and registers a team there.
func openWithTeam(t *testing.T, browser context.Context, url, name string) *tab {
	t.Helper()
	p := openTab(t, browser, url+"/tournaments/cup").waitLive()
	p.do(chromedp.SendKeys("#team-name", name))
	p.click(act("make"))
	p.waitText(`document.querySelector('#team [data-field="team"]')`, name)
	return p.waitLive()
}

func lastSlot(t *testing.T, browser context.Context) {
	s := serveTournament(t, 1, `,"waitlist":true`)
	owls, foxes := openWithTeam(t, browser, s.url, "Owls"), openWithTeam(t, browser, s.url, "Foxes")
	owls.waitText(standing, "Not signed up")
	owls.click(act("enter"))
	owls.waitText(standing, "Entered")
	owls.waitText(teamMessage, "Your team is in.")
	foxes.wait(free + `.textContent === "0"`)
	foxes.waitText(`document.querySelector(".tournament .out")`, "Full")
	foxes.waitText(act("enter"), "Join the waitlist")
	foxes.click(act("enter"))
	foxes.waitText(standing, "On the waitlist: place 1 of 1")
	for _, p := range []*tab{owls, foxes} {
		p.waitLists("Owls", "Foxes")
	}
	// The other page is updated.
	owls.pressTwice(act("withdraw"))
	owls.waitText(standing, "Not signed up")
	foxes.waitText(standing, "Entered")
	foxes.waitText(teamMessage, "A slot came free: your team is in.")
	for _, p := range []*tab{owls, foxes} {
		p.waitLists("Foxes", "")
		p.wait(free + `.textContent === "0"`)
	}
	if own := evaluate[string](foxes, `document.querySelector("#entered .own").textContent`); own != "Foxes" {
		t.Errorf("%q is marked as the browser's own team, want Foxes", own)
	}
	// The browser remembers its team.
	foxes.do(chromedp.Reload())
	foxes.waitLive()
	foxes.waitText(standing, "Entered")
	foxes.pressTwice(act("withdraw"))
	owls.wait(free + `.textContent === "1"`)
	owls.waitLists("", "")
	foxes.pressTwice(act("another"))
	foxes.wait(`document.activeElement.id === "team-name"`)
}

func moveUpPlaces(t *testing.T, browser context.Context) {
	s := serveTournament(t, 1, `,"waitlist":true`)
	s.registerTeams("a", "b", "c")
	owls := openWithTeam(t, browser, s.url, "Owls")
	owls.click(act("enter"))
	owls.waitText(standing, "place 3 of 3")
	s.registerTeams("d")
	owls.waitText(standing, "place 3 of 4")
	s.send("DELETE", "/v1/tournaments/cup/entries/b", "")
	owls.waitText(standing, "place 2 of 3")
	s.send("DELETE", "/v1/tournaments/cup/entries/a", "")
	owls.waitText(standing, "place 1 of 2")
	owls.waitLists("Team c", "Owls, Team d")
	owls.pressTwice(act("withdraw"))
	owls.waitText(teamMessage, "waits no longer")
	owls.waitLists("Team c", "Team d")
	s.editTournament(`{"team_limit":2}`)
	owls.waitLists("Team c, Team d", "")
}

func tournamentsLive(t *testing.T, browser context.Context) {
	s := serveTournament(t, 3, "")
	p := openTab(t, browser, s.url+"/tournaments").waitLive()
	s.registerTeams("a", "b")
	p.wait(free + `.textContent === "1"`)
	p.waitText(`document.querySelector(".tournament .split")`, "2 entered")
	s.editTournament(`{"team_limit":2,"name":"The small cup"}`)
	p.waitText(`document.querySelector(".tournament .out")`, "Full")
	p.waitText(`document.querySelector(".tournament h2")`, "The small cup")
	p.waitText(`document.querySelector("#announcer")`, "The small cup: full")
	p.navigate(chromedp.Click(chromedp.JSPath(`document.querySelector(".tournament a")`)))
	p.waitLive()
	p.waitLists("Team a, Team b", "")
	p.waitText(`document.querySelector("h1")`, "The small cup")
}

func promotedDuringOutage(t *testing.T, browser context.Context) {
	s := serveTournament(t, 1, `,"waitlist":true`)
	s.registerTeams("a")
	w := newWire(t, s.Address())
	owls := openWithTeam(t, browser, w.url, "Owls")
	owls.click(act("enter"))
	owls.waitText(standing, "place 1 of 1")
	w.setState(wireCut)
	owls.wait(`document.querySelector("#state").dataset.state === "reconnecting"`)
	s.send("DELETE", "/v1/tournaments/cup/entries/a", "")
	owls.waitText(standing, "place 1 of 1")
	w.setState(wireWorks)
	owls.waitLive()
	owls.waitText(standing, "Entered")
	owls.waitLists("Owls", "")
}

// lostEntry: the server enters the team, but its answer is lost. The retry of the page does not enter a second
// team.
func lostEntry(t *testing.T, browser context.Context) {
	s := serveTournament(t, 5, "")
	w := newWire(t, s.Address())
	owls := openWithTeam(t, browser, w.url, "Owls")
	owls.recordTexts(teamMessage)
	w.setState(wireLosesAnswers)
	owls.click(act("enter"))
	w.waitLoss(t)
	owls.waitRecorded("trying again")
	w.setState(wireWorks)
	owls.pressUntil(act("enter"), teamMessage, "Your team is in.")
	owls.waitLive()
	owls.waitLists("Owls", "")
	owls.wait(free + `.textContent === "4"`)
}

func longWaitlist(t *testing.T, browser context.Context) {
	s := serveTournament(t, 1, `,"waitlist":true`)
	for i := range 130 {
		s.registerTeams(fmt.Sprintf("t%03d", i))
	}
	p := openTab(t, browser, s.url+"/tournaments/cup").waitLive()
	count := `document.querySelectorAll("#waitlisted li").length`
	more := `document.querySelector('[data-more="waitlisted"]')`
	p.waitText(more, "and 29 more")
	if n := evaluate[int](p, count); n != 100 {
		t.Errorf("%d teams are shown, want 100", n)
	}
	s.registerTeams("late")
	p.waitText(more, "and 30 more")
	s.send("DELETE", "/v1/tournaments/cup/entries/t003", "")
	p.wait(`!document.querySelector('#waitlisted [data-team="t003"]')`)
	p.waitText(more, "and 29 more")
	p.click(`document.querySelector('[data-list="waitlisted"]')`)
	p.wait(count + ` === 129 && ` + more + `.hidden`)
	p.wait(`document.activeElement.id === "waitlisted-title"`) // the focused button was removed
}

func closedAndOpen(t *testing.T, browser context.Context) {
	s := serveTournament(t, 2, "")
	owls := openWithTeam(t, browser, s.url, "Owls")
	s.editTournament(`{"status":"closed"}`)
	owls.waitText(`document.querySelector(".tournament .out")`, "Closed")
	owls.wait(act("enter") + `.disabled`)
	s.editTournament(`{"status":"open"}`)
	owls.click(act("enter"))
	owls.waitText(standing, "Entered")
	// A deadline passes without a message from the server.
	s.editTournament(fmt.Sprintf(`{"register_deadline":%q}`, time.Now().Add(2*time.Second).UTC().Format(time.RFC3339Nano)))
	owls.waitText(`document.querySelector(".tournament .out")`, "Sign-up is over")
	owls.pressTwice(act("withdraw"))
	owls.waitText(standing, "Not signed up")
	owls.wait(act("enter") + `.disabled`)
	// The server refuses an entry, although the button is enabled.
	s.editTournament(`{"register_deadline":"2999-01-01T00:00:00Z"}`)
	s.registerTeams("a", "b")
	owls.waitText(`document.querySelector(".tournament .out")`, "Full")
	owls.do(chromedp.Evaluate[chromedp.Void](act("enter") + `.disabled = false; ` + act("enter") + `.click()`))
	owls.waitText(teamMessage, "Every slot is taken")
}

func signUpByKeyboard(t *testing.T, browser context.Context) {
	s := serveTournament(t, 2, "")
	owls := openTab(t, browser, s.url+"/tournaments/cup").waitLive()
	focused := func(element string) {
		t.Helper()
		owls.wait(`document.activeElement === ` + element)
	}
	owls.tabTo(`document.querySelector("#team-name")`)
	owls.do(chromedp.KeyEvent("\r"))
	owls.waitText(teamMessage, "Give your team a name.")
	focused(`document.querySelector("#team-name")`)
	owls.do(chromedp.KeyEvent("Owls"), chromedp.KeyEvent("\r"))
	owls.waitText(teamMessage, "Your team is made.")
	focused(act("enter"))
	owls.do(chromedp.KeyEvent("\r"))
	owls.waitText(standing, "Entered")
	focused(act("withdraw"))
	owls.do(chromedp.KeyEvent(" "))
	owls.wait(act("withdraw") + `.dataset.sure === "asked"`)
	owls.do(chromedp.KeyEvent(" "))
	owls.waitText(standing, "Not signed up")
	focused(act("enter"))
	owls.tabTo(act("another"))
	owls.do(chromedp.KeyEvent("\r"), chromedp.KeyEvent("\r"))
	focused(`document.querySelector("#team-name")`)
	owls.tabTo(`document.querySelector(".places a")`)
	owls.navigate(chromedp.KeyEvent("\r"))
	owls.waitText(`document.querySelector("h1")`, "On sale now")
}

func signUpOnPhone(t *testing.T, browser context.Context) {
	long := strings.Repeat("Donaudampfschifffahrt", 9)
	s := serveTournament(t, 1, `,"waitlist":true`)
	s.editTournament(fmt.Sprintf(`{"name":%q}`, long))
	s.send("POST", "/v1/teams", fmt.Sprintf(`{"id":"long","name":%q}`, long))
	s.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"long"}`)
	owls := openTab(t, browser, s.url+"/tournaments")
	owls.do(chromedp.EmulateViewport(360, 740))
	for _, path := range []string{"/tournaments", "/tournaments/cup"} {
		owls.do(chromedp.Navigate(s.url + path))
		owls.waitLive()
		if wide := evaluate[int](owls, `document.documentElement.scrollWidth`); wide > 360 {
			t.Errorf("%s is %d pixels wide on a phone, want at most 360", path, wide)
		}
	}
	owls.do(chromedp.SendKeys("#team-name", long))
	owls.click(act("make"))
	owls.click(act("enter"))
	owls.waitText(standing, "place 1 of 1")
	owls.wait(`document.querySelector("#waitlisted .own") !== null`)
	if wide := evaluate[int](owls, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("the page is %d pixels wide on a phone, want at most 360", wide)
	}
	small := evaluate[[]string](owls, `[...document.querySelectorAll("button")].filter((b) => b.checkVisibility() &&
		b.getBoundingClientRect().height < 40).map((b) => b.textContent)`)
	if len(small) > 0 {
		t.Errorf("%q are too small for a finger, want none", small)
	}
	if below := evaluate[bool](owls, `document.querySelector("#team")
		.getBoundingClientRect().top > document.querySelector("#entered").getBoundingClientRect().top`); below {
		t.Error("on a phone the sign-up is below the list of teams, want it above")
	}
}

func signUpWithToken(t *testing.T, browser context.Context) {
	auth := api.JWTAuth{Secret: []byte("a secret of thirty-two bytes, or more")}
	s := serveIn(t, t.TempDir(), auth)
	admin, err := auth.Token("root", api.RoleAdmin, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.sendWith("POST", "/v1/tournaments", `{"id":"cup","name":"The cup","team_limit":1,
		"register_deadline":"2999-01-01T00:00:00Z"}`, "Authorization", "Bearer "+admin)
	token, err := auth.Token("ada", api.RoleHolder, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	owls := openTab(t, browser, s.url+"/tournaments/cup").waitLive()
	owls.do(chromedp.SendKeys("#team-name", "Owls"))
	owls.click(act("make"))
	owls.waitText(teamMessage, "needs a token")
	owls.wait(`document.activeElement.id === "token"`)
	owls.do(chromedp.SendKeys("#token", token))
	owls.click(act("make"))
	owls.click(act("enter"))
	owls.waitText(standing, "Entered")
	owls.waitLists("Owls", "")
}
