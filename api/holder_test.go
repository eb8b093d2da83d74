package api

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"admitone/projections/history"
	"admitone/projections/row"
)

// goodHolders are names as used by people and identity providers.
var goodHolders = []string{
	"ada", "Ada Lovelace", "auth0|5f7c8ec7c33c6c004bbafe82", `CORP\ada`, "https://id.example/users/7?x=1&y=%2F#me",
	"urn:uuid:0190cafe", "ada@id.example",
	"a~b/c", "/v1/products/p", "...", ".a", "50%", "%2F", `{"sub":"x"}`, "a+b=c;d,e", `'"<>&`,
	"Ольга", "王 小明", "王\u3000小明", "a\u00a0b", "क्\u200dष", "می\u200cخواهم",
	"👩\u200d👩\u200d👧", "שלום\u200f!",
	"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "é", "e\u0301",
	strings.Repeat("a", 255), strings.Repeat("ж", 255), strings.Repeat("\U0001f600", 255),
}

// badHolders are names that are refused, with words from the rule that each breaks.
var badHolders = []struct{ name, rule string }{
	{"", "1 to 255"}, {strings.Repeat("a", 256), "at most 255"}, {strings.Repeat("ж", 256), "at most 255"},
	{".", "is not . or .."}, {"..", "is not . or .."}, {"key:ci", "begin with key:"},
	{" ada", "begin or end with a space"}, {"ada ", "begin or end with a space"},
	{"\u3000ada", "begin or end with a space"}, {"ada\u00a0", "begin or end with a space"},
	{" ", "begin or end with a space"},
	{"a\x00b", "control"}, {"a\nb", "control"}, {"a\x7fb", "control"}, {"a\u0085b", "control"},
	{"a\u2028b", "control"}, {"a\u2029b", "control"},
	{"a\u202eb", "direction"}, {"a\u202ab", "direction"}, {"a\u2066b\u2069", "direction"},
	{"a\ufeffb", "printed"}, {"a\ufffeb", "printed"}, {"a\ue000b", "printed"}, {"a\U0010ffffb", "printed"},
	{"\u200d", "visible character"}, {"\u200c\u200d", "visible character"}, {"\u0301", "visible character"},
}

// TestHolderNames: valid names are accepted, and a refusal states the rule that a name breaks.
func TestHolderNames(t *testing.T) {
	for _, name := range goodHolders {
		if rule := holderFault(name); rule != "" {
			t.Errorf("%.40q: got the fault %q, want none", name, rule)
		}
	}
	w := newHarness(t)
	w.product("p", 99, "")
	for _, bad := range badHolders {
		body, err := json.Marshal(map[string]string{"holder": bad.name})
		w.must(err)
		v := w.do("POST", "/v1/products/p/reservations", string(body)).problem(422, "invalid_field")
		if v["field"] != "holder" || !strings.Contains(v["detail"].(string), bad.rule) {
			t.Errorf("%.40q: got %v; want field = holder, and %q in detail", bad.name, v, bad.rule)
		}
		if _, err := (JWTAuth{Secret: []byte("s")}).Token(bad.name, RoleHolder, time.Now(), time.Hour); err == nil ||
			!strings.Contains(err.Error(), bad.rule) {
			t.Errorf("a token for %.40q: got the error %v, want one with %q", bad.name, err, bad.rule)
		}
		if bad.name == "" || len(bad.name) < 3 && strings.Trim(bad.name, ".") == "" {
			continue // no client can send this as a path segment
		}
		v = w.do("GET", "/v1/wallets/"+url.PathEscape(bad.name), "").problem(404, "not_found")
		stored := strings.HasPrefix(bad.name, keyPrefix) // an older log may have such a wallet
		if v["resource"] != "wallet" || !stored && !strings.Contains(v["detail"].(string), bad.rule) {
			t.Errorf("the wallet of %.40q: got %v; want resource = wallet, and %q in detail", bad.name, v, bad.rule)
		}
	}
	for _, bad := range []string{"%2e", "%2e%2e", "."} { // clients normalize these
		if v := w.get("/v1/wallets/"+bad).problem(404, "not_found"); !strings.Contains(
			v["detail"].(string),
			"is not . or ..",
		) {
			t.Errorf("%s: got %v; want \"is not . or ..\" in detail", bad, v)
		}
	}
	w.do("POST", "/v1/products/p/reservations", `{"holder":"a\ud800"}`).problem(400, "malformed_json")
	w.do("POST", "/v1/products/p/reservations", "{\"holder\":\"a\xff\"}").problem(400, "malformed_json")
	if v := w.get("/v1/wallets/a%ff").problem(404, "not_found"); !strings.Contains(v["detail"].(string), "UTF-8") {
		t.Errorf("got %v; want UTF-8 in detail", v)
	}
}

// TestHolderNamesInRoutes sends each name in the body or the path of every route that takes a holder, also
// after a restart.
func TestHolderNamesInRoutes(t *testing.T) {
	const limit = `,"limit_per_holder":3`
	w := newHarness(t)
	w.product("p", 999, limit)
	w.hall("h", 20, limit)
	w.do("PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":1,"max_active":999,"active_seconds":600,"heartbeat_seconds":99,"status":"open"}`).is(201)
	w.do("POST", "/v1/tournaments", `{"id":"c","name":"C","team_limit":99,"register_deadline":"2999-01-01T00:00:00Z"}`).is(
		201,
	)
	for n, name := range goodHolders {
		quoted, err := json.Marshal(name)
		w.must(err)
		path, body := url.PathEscape(name), func(more string) string { return fmt.Sprintf(`{"holder":%s%s}`, quoted, more) }
		same := func(v map[string]any) map[string]any {
			t.Helper()
			if v["holder"] != name {
				t.Errorf("got holder = %.40q, want %.40q", v["holder"], name)
			}
			return v
		}
		charged := w.do("POST", "/v1/wallets/"+path+"/charges", `{"amount":500}`)
		same(charged.is(201))
		same(w.do("GET", charged.header.Get("Location"), "").is(200))
		reserved := same(w.do("POST", "/v1/products/p/reservations", body(`,"hold":true,"contact":{"phone":"1"}`)).is(201))
		rid := "/v1/products/p/reservations/" + reserved["id"].(string)
		same(w.do("GET", rid, "").is(200))
		same(w.do("POST", rid+"/confirm", "").is(200))
		booked := same(w.do("POST", "/v1/performances/h/bookings", body(`,"best_available":{"quantity":1}`)).is(201))
		bid := "/v1/bookings/" + booked["id"].(string)
		same(w.do("POST", bid+"/extension", "").is(200))
		same(w.do("POST", bid+"/payment", "").is(200))
		same(w.do("GET", bid, "").is(200))
		place := w.do("POST", "/v1/waiting-rooms/r/visitors", body(""))
		visitor := place.is(201)["visitor"]
		if repeated := w.do("POST", "/v1/waiting-rooms/r/visitors", body("")).is(200); repeated["visitor"] != visitor {
			t.Errorf("%.40q joined again as %v, want the visitor %v", name, repeated["visitor"], visitor)
		}
		w.do("POST", "/v1/teams", fmt.Sprintf(`{"id":"t%d","name":"T"}`, n)).is(201)
		w.do("POST", "/v1/tournaments/c/entries", body(fmt.Sprintf(`,"team_id":"t%d"`, n))).is(201)
		notEmpty := func(path string) {
			t.Helper()
			if items := w.do("GET", path, "").is(200)["items"].([]any); len(items) == 0 {
				t.Errorf("%.80s: no items, want at least one", path)
			}
		}
		bookings := w.do("GET", "/v1/holders/"+path+"/bookings", "").is(200)["items"].([]any)
		if len(bookings) != 1 || bookings[0].(map[string]any)["id"] != booked["id"] {
			t.Errorf("%.40q has the bookings %v; want one, with id = %v", name, bookings, booked["id"])
		}
		notEmpty("/v1/wallets/" + path + "/entries")
		notEmpty("/v1/history/holder/" + path)
		notEmpty("/v1/history/wallet/" + path)
		notEmpty("/v1/history/allowance/h/" + path)
		notEmpty("/v1/history/allowance/" + url.PathEscape("h/"+name))
		notEmpty("/v1/history/allowance/" + url.PathEscape("h~"+name))
		notEmpty("/v1/streams/" + url.PathEscape("wallet-"+name) + "/events")
		notEmpty("/v1/streams/" + url.PathEscape("allowance-h~"+name) + "/events")
		same(w.do("GET", "/v1/wallets/"+path+"?at=999999", "").is(200))
		if v := same(w.do("DELETE", "/v1/holders/"+path+"/contact", "").is(200)); v["forgotten"] != true {
			t.Errorf("%.40q: got forgotten = %v, want true", name, v["forgotten"])
		}
		allowance, err := row.AllowanceAt(t.Context(), w.store, history.EntityID("allowance", "h/"+name), 1<<40)
		if err != nil || allowance == nil || allowance.Holder != name {
			t.Errorf("the allowance of %.40q is %+v (%v), want one of this holder", name, allowance, err)
		}
	}
	w.stop()
	w.start()
	for _, name := range goodHolders {
		path := url.PathEscape(name)
		if v := w.do("GET", "/v1/wallets/"+path, "").is(200); v["holder"] != name || v["balance"] != 400.0 {
			t.Errorf("after a restart %.40q is %v; want holder = %v, balance = 400", name, v, name)
		}
		if items := w.do("GET", "/v1/holders/"+path+"/bookings", "").is(200)["items"].([]any); len(items) != 1 {
			t.Errorf("after a restart %.40q has %d bookings, want 1", name, len(items))
		}
	}
	for _, none := range []string{"/v1/history/holder/a/b", "/v1/history/wallet/a/b",
		"/v1/history/allowance/h%2Fada/x"} {
		w.get(none).problem(404, "not_found")
	}
}

// TestHolderTokens: a token's sub may be any valid name.
func TestHolderTokens(t *testing.T) {
	auth := JWTAuth{Secret: []byte("0123456789abcdef0123456789abcdef")}
	w := newHarness(t, func(w *harness) { w.config.Auth = auth })
	mint := func(sub string, role Role) string {
		token, err := auth.Token(sub, role, time.Now(), time.Hour)
		w.must(err)
		return "Bearer " + token
	}
	admin := mint("root", RoleAdmin)
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":99}`, "Authorization", admin).is(201)
	// The last name is left out: 255 characters of four bytes, in a token and in the path, exceed the limit of a header.
	for i, name := range goodHolders[:len(goodHolders)-1] {
		mine, path := mint(name, RoleHolder), url.PathEscape(name)
		w.do("POST", "/v1/wallets/"+path+"/charges", `{"amount":5}`, "Authorization", admin).is(201)
		if v := w.do("GET", "/v1/wallets/"+path, "", "Authorization", mine).is(200); v["holder"] != name {
			t.Errorf("%.40q: got %v; want holder = %v", name, v, name)
		}
		if v := w.do("POST", "/v1/products/p/reservations", `{}`, "Authorization", mine).is(201); v["holder"] != name {
			t.Errorf("%.40q: got %v; want holder = %v", name, v, name)
		}
		other := goodHolders[(i+1)%(len(goodHolders)-1)]
		w.do("GET", "/v1/wallets/"+url.PathEscape(other), "", "Authorization", mine).problem(403, "forbidden")
	}
}
