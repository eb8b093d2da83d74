package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"admitone/api/client"
)

// notCalled are operations below /v1 that deliberately have no method.
var notCalled = map[string]string{
	"POST /v1/payments/stripe":           "Stripe calls it",
	"GET /v1/history/{kind}/{id}/{part}": "an id of two parts goes to the same method as one of one part",
}

// recorder gives no answers, and records the requests.
type recorder struct{ asked []*http.Request }

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.asked = append(r.asked, request)
	return nil, errors.New("nobody is there")
}

// TestOperations: every operation of openapi.yaml below /v1 has a method, and every method calls one.
func TestOperations(t *testing.T) {
	var all []methodRequest
	for name, requests := range everyMethod(t) {
		for _, r := range requests {
			keyed := r.Header.Get("Idempotency-Key") != ""
			all = append(all, methodRequest{name: name, method: r.Method, path: r.URL.Path, keyed: keyed})
		}
	}
	checkOperations(t, all)
}

// TestJavaScriptOperations is TestOperations for the client in JavaScript.
func TestJavaScriptOperations(t *testing.T) {
	cmd, stderr := node(t.Context(), t, "js/testdata/operations.mjs")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("got %v\n%s; want no error", err, stderr)
	}
	var all []methodRequest
	for line := range strings.Lines(string(out)) {
		var r methodRequest
		if _, err := fmt.Sscan(line, &r.name, &r.method, &r.path, &r.keyed); err != nil {
			t.Fatalf("the example printed %q: %v", line, err)
		}
		all = append(all, r)
	}
	checkOperations(t, all)
}

// methodRequest is the request that a method of a client makes.
type methodRequest struct {
	name, method, path string
	keyed              bool // has an Idempotency-Key
}

// checkOperations compares the requests of all methods with the operations of openapi.yaml.
func checkOperations(t *testing.T, all []methodRequest) {
	t.Helper()
	text, err := os.ReadFile("../web/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for path, methods := range described.Paths {
		for method := range methods {
			if name := strings.ToUpper(method) + " " + path; strings.HasPrefix(path, "/v1/") && notCalled[name] == "" {
				missing[name] = true
			}
		}
	}
	for _, r := range all {
		operation := operationOf(described.Paths, r)
		if operation == "" {
			t.Errorf("%s calls %s %s, which openapi.yaml lacks", r.name, r.method, r.path)
		}
		delete(missing, operation)
		if r.keyed != (r.method == "POST" && !keyless[strings.ToLower(r.name)]) {
			t.Errorf("%s: %s has an Idempotency-Key: %t, want one only for a POST that is repeatable", r.name, r.method, r.keyed)
		}
	}
	for name := range missing {
		t.Errorf("%s has no method of Client, want one", name)
	}
}

// keyless are POST methods, in lower case, that must not have an Idempotency-Key.
var keyless = map[string]bool{"batch": true, "createapikey": true, "testwebhook": true}

// everyMethod calls each method of Client and returns the requests that it made.
func everyMethod(t *testing.T) map[string][]*http.Request {
	t.Helper()
	all := map[string][]*http.Request{}
	record := &recorder{}
	c, err := client.New("http://localhost", client.Options{HTTP: &http.Client{Transport: record}, Patience: -1})
	if err != nil {
		t.Fatal(err)
	}
	value := reflect.ValueOf(c)
	for i := range value.NumMethod() {
		name := value.Type().Method(i).Name
		if name == "Watch" || name == "Wait" {
			continue // a socket, and a loop of Visit
		}
		record.asked = nil
		invoke(value.Method(i))
		if len(record.asked) != 1 {
			t.Errorf("%s made %d requests, want 1", name, len(record.asked))
		}
		all[name] = record.asked
	}
	return all
}

// invoke calls a method with made-up values, and begins the iterator that it returns.
func invoke(method reflect.Value) {
	var in []reflect.Value
	for n := range method.Type().NumIn() {
		if method.Type().IsVariadic() && n == method.Type().NumIn()-1 {
			break
		}
		v := reflect.New(method.Type().In(n)).Elem()
		switch {
		case n == 0:
			v.Set(reflect.ValueOf(context.Background()))
		case v.Kind() == reflect.String:
			v.SetString("x")
		case v.Type() == reflect.TypeFor[[]string]():
			v.Set(reflect.ValueOf([]string{"x"}))
		}
		in = append(in, v)
	}
	out := method.Call(in)[0]
	if out.Kind() != reflect.Func {
		return
	}
	out.Call([]reflect.Value{reflect.MakeFunc(out.Type().In(0), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(false)}
	})})
}

// operationOf returns the operation of a request, "" if there is none. A path without parameters
// takes precedence.
func operationOf(paths map[string]map[string]any, r methodRequest) (operation string) {
	parts := strings.Split(r.path, "/")
	for path, methods := range paths {
		matches := slices.EqualFunc(strings.Split(path, "/"), parts, func(theirs, part string) bool {
			return theirs == part || strings.HasPrefix(theirs, "{") && strings.HasSuffix(theirs, "}")
		})
		if matches && methods[strings.ToLower(r.method)] != nil && (operation == "" || !strings.Contains(path, "{")) {
			operation = r.method + " " + path
		}
	}
	return operation
}
