package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var secret = JWTAuth{Secret: []byte("a secret of thirty-two bytes, or more")}

func bearer(t *testing.T, sub string, role Role) string {
	t.Helper()
	token, err := secret.Token(sub, role, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

// badTokens returns invalid tokens by their fault. A request with one of them is refused, even on a route
// that needs no token.
func badTokens(t *testing.T) map[string]string {
	sign := func(method jwt.SigningMethod, key any, c jwt.MapClaims) string {
		token, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
	inAnHour := time.Now().Add(time.Hour).Unix()
	good := jwt.MapClaims{"sub": "root", "role": "admin", "exp": inAnHour}
	hs256 := jwt.SigningMethodHS256
	return map[string]string{
		"garbage": "Bearer garbage",
		"empty":   "Bearer ",
		"basic":   "Basic cm9vdDpyb290",
		"expired": sign(hs256, secret.Secret,
			jwt.MapClaims{"sub": "root", "role": "admin", "exp": time.Now().Add(-time.Second).Unix()}),
		"without exp":    sign(hs256, secret.Secret, jwt.MapClaims{"sub": "root", "role": "admin"}),
		"future nbf":     sign(hs256, secret.Secret, jwt.MapClaims{"sub": "root", "role": "admin", "exp": inAnHour, "nbf": inAnHour}),
		"alg none":       sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good),
		"HS512":          sign(jwt.SigningMethodHS512, secret.Secret, good),
		"other secret":   sign(hs256, []byte("another secret of thirty-two bytes"), good),
		"no sub":         sign(hs256, secret.Secret, jwt.MapClaims{"role": "admin", "exp": inAnHour}),
		"reversing sub":  sign(hs256, secret.Secret, jwt.MapClaims{"sub": "a\u202eb", "role": "admin", "exp": inAnHour}),
		"empty role":     sign(hs256, secret.Secret, jwt.MapClaims{"sub": "root", "role": "", "exp": inAnHour}),
		"null role":      sign(hs256, secret.Secret, jwt.MapClaims{"sub": "root", "role": nil, "exp": inAnHour}),
		"key as sub":     sign(hs256, secret.Secret, jwt.MapClaims{"sub": "key:shop", "role": "admin", "exp": inAnHour}),
		"crit":           signWith(t, map[string]any{"crit": []string{"exp"}}, good),
		"crit, empty":    signWith(t, map[string]any{"crit": []string{}}, good),
		"b64":            signWith(t, map[string]any{"b64": false}, good),
		"unused bits":    unusedBits(t, signWith(t, nil, good)),
		"invalid UTF-8":  signText("{\"sub\":\"a\xffb\"" + `,"role":"admin","exp":` + fmt.Sprint(inAnHour) + `}`),
		"lone surrogate": signText(`{"sub":"a\ud800b","role":"admin","exp":` + fmt.Sprint(inAnHour) + `}`),
		"unknown role":   sign(hs256, secret.Secret, jwt.MapClaims{"sub": "root", "role": "Admin", "exp": inAnHour}),
		"role as array":  sign(hs256, secret.Secret, jwt.MapClaims{"sub": "root", "role": []string{"admin"}, "exp": inAnHour}),
	}
}

// unusedBits returns a token whose signature ends with a different character that encodes the same
// bytes: 256 bits do not use two bits of the 43 characters.
func unusedBits(t *testing.T, token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	if last < 0 || last%4 != 0 {
		t.Fatal("the signature has no unused bits:", token)
	}
	return token[:len(token)-1] + alphabet[last+1:last+2]
}

// signText signs claims in JSON that no encoder would produce.
func signText(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256"}`)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, secret.Secret)
	mac.Write([]byte(text))
	return "Bearer " + text + "." + encode(mac.Sum(nil))
}

// signWith signs a token with additional members in its header.
func signWith(t *testing.T, header map[string]any, claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	maps.Copy(token.Header, header)
	text, err := token.SignedString(secret.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + text
}

// TestTokenWithoutRole checks the default role, and that names of claims are case-sensitive.
func TestTokenWithoutRole(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	exp := time.Now().Add(time.Hour).Unix()
	for _, claims := range []jwt.MapClaims{
		{"sub": "ada", "exp": exp},
		{"sub": "ada", "exp": exp, "Role": "admin", "ROLE": "admin"},
	} {
		token := signWith(t, nil, claims)
		w.do("GET", "/v1/holders/ada/bookings", "", "Authorization", token).is(200)
		w.do("GET", "/v1/holders/bob/bookings", "", "Authorization", token).problem(403, "forbidden")
		w.do("GET", "/v1/events", "", "Authorization", token).problem(403, "forbidden")
	}
	withoutSub := signWith(t, nil, jwt.MapClaims{"Sub": "ada", "exp": exp})
	w.do("GET", "/v1/products", "", "Authorization", withoutSub).problem(401, "unauthenticated")
}

func TestRoles(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, bob := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder)
	auditor := bearer(t, "audit", RoleAuditor)
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":1000}`, "Authorization", admin).is(201)
	held := func() string {
		return w.do("POST", "/v1/products/p/reservations", `{"hold":true}`, "Authorization", ada).is(201)["id"].(string)
	}
	type row struct {
		method, path, body              string
		nobody, ada, bob, auditor, root int
	}
	const reservations, one = "/v1/products/p/reservations", "/v1/products/p/reservations/RID"
	for _, r := range []row{
		{"GET", "/v1/products", "", 200, 200, 200, 200, 200},
		{"GET", "/v1/products/p", "", 200, 200, 200, 200, 200},
		{"GET", "/v1/products/p?at=1", "", 200, 200, 200, 200, 200},
		{"POST", "/v1/products", `{"name":"n","stock":1}`, 401, 403, 403, 403, 201},
		{"POST", "/v1/products", `broken`, 401, 403, 403, 403, 400},
		{"PATCH", "/v1/products/p", `{"price":1}`, 401, 403, 403, 403, 412},
		{"POST", reservations, `{"holder":"ada"}`, 401, 201, 403, 403, 201},
		{"POST", reservations, `{}`, 401, 201, 201, 201, 201},
		{"POST", reservations, `broken`, 401, 400, 400, 400, 400},
		{"GET", one, "", 401, 200, 403, 200, 200},
		{"GET", one + "?at=9223372036854775807", "", 401, 200, 403, 200, 200},
		{"POST", one + "/confirm", "", 401, 200, 403, 403, 200},
		{"DELETE", one, "", 401, 200, 403, 403, 200},
		{"GET", "/v1/events", "", 401, 403, 403, 200, 200},
		{"GET", "/v1/streams/product-p/events", "", 401, 403, 403, 200, 200},
		{"GET", "/healthz", "", 200, 200, 200, 200, 200},
	} {
		check := func(actor, token string, want int) {
			path := r.path
			if len(path) >= len(one) && path[:len(one)] == one {
				path = reservations + "/" + held() + path[len(one):]
			}
			a := w.do(r.method, path, r.body, "Authorization", token, "If-Match", `"77777"`)
			switch {
			case want == 401:
				if a.problem(401, "unauthenticated"); a.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s: got no WWW-Authenticate, want one", a.what)
				}
			case want == 403:
				a.problem(403, "forbidden")
			case a.status != want:
				t.Errorf("%s as %s: status %d, want %d: %s", a.what, actor, a.status, want, a.text)
			}
		}
		check("nobody", "", r.nobody)
		check("ada", ada, r.ada)
		check("bob", bob, r.bob)
		check("auditor", auditor, r.auditor)
		check("root", admin, r.root)
		for what, token := range badTokens(t) {
			check(what, token, 401)
		}
	}
	// An ended reservation still belongs to its holder.
	rid := held()
	path := reservations + "/" + rid
	w.do("DELETE", path, "", "Authorization", ada).is(200)
	for _, token := range []string{bob, auditor} {
		w.do("DELETE", path, "", "Authorization", token).problem(403, "forbidden")
		w.do("POST", path+"/confirm", "", "Authorization", token).problem(403, "forbidden")
	}
	w.do("GET", path, "", "Authorization", bob).problem(403, "forbidden")
	w.do("DELETE", path, "", "Authorization", admin).is(200)
}

// TestActorFromToken: the actor of an event is the caller, whatever the body contains.
func TestActorFromToken(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin := bearer(t, "root", RoleAdmin)
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":10}`, "Authorization", admin).is(201)
	v := w.do("POST", "/v1/products/p/reservations", `{"holder":"ada"}`, "Authorization", admin).is(201)
	if v["holder"] != "ada" {
		t.Errorf("got %v; want holder = ada", v)
	}
	key := []string{"Idempotency-Key", "k", "Authorization"}
	first := w.do("POST", "/v1/products/p/reservations", `{}`, append(key, bearer(t, "ada", RoleHolder))...)
	second := w.do("POST", "/v1/products/p/reservations", `{}`, append(key, bearer(t, "bob", RoleHolder))...)
	if first.is(201)["holder"] != "ada" || second.is(201)["holder"] != "bob" {
		t.Errorf("two callers with one Idempotency-Key: got %s and %s; want the holders ada and bob", first.text, second.text)
	}
	events := w.do("GET", "/v1/events", "", "Authorization", admin).is(200)["items"].([]any)
	actors := ""
	for _, e := range events {
		actors += fmt.Sprint(e.(map[string]any)["actor"], " ")
	}
	if actors != "root root ada bob " {
		t.Errorf("got actors %q, want %q", actors, "root root ada bob ")
	}
}

func TestTokenRefusesBadClaims(t *testing.T) {
	for _, sub := range []string{"", "..", " a", "key:shop"} {
		if _, err := secret.Token(sub, RoleHolder, time.Now(), time.Hour); err == nil {
			t.Errorf("Token for the sub %q: got no error, want one", sub)
		}
	}
	if _, err := secret.Token("ada", "king", time.Now(), time.Hour); err == nil {
		t.Error("Token for the role king: got no error, want one")
	}
}

// TestHost checks that in open mode an unknown host name is refused.
func TestHost(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = OpenAuth{Origins: []string{"https://shop.example:8443"}} })
	for host, status := range map[string]int{
		"127.0.0.1": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200, "[::1]": 200, "localhost": 200, "LOCALHOST:80": 200,
		"shop.example:8443": 200, "shop.example": 403, "evil.example": 403, "localhost.evil.example:80": 403,
		"127.0.0.1.evil.example": 403,
	} {
		request, err := http.NewRequest("GET", "http://"+w.address+"/v1/products", nil)
		w.must(err)
		request.Host = host
		response, err := w.client.Do(request)
		w.must(err)
		response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("Host %s: status %d, want %d", host, response.StatusCode, status)
		}
	}
}
