package client_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/api"
	"admitone/api/client"
	"admitone/cmd/admitone/server"
)

// address and token belong to the server of the examples.
var address, token string

// startExamples starts the server at the first call.
var startExamples = sync.OnceValue(func() *server.Server {
	dir, err := os.MkdirTemp("", "admitone-examples-")
	if err != nil {
		log.Fatal(err)
	}
	s, err := server.Start(server.Settings{Listen: "127.0.0.1:0", Store: dir, Auth: api.OpenAuth{}, IdleAfter: patience,
		SignEvery: time.Second, OwnCharges: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	address = "http://" + s.Address()
	stopExamples = func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			log.Print(err)
		}
		os.RemoveAll(dir)
	}
	return s
})

var stopExamples = func() {}

func TestMain(m *testing.M) {
	status := m.Run()
	stopExamples()
	os.Exit(status)
}

func Example() {
	startExamples()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	_, err = c.CreateProduct(ctx, client.NewProduct{ID: "tee", Name: "Tour T-shirt", Stock: 2, Price: 2500})
	if err != nil {
		log.Fatal(err)
	}
	r, err := c.Reserve(ctx, "tee", client.NewReservation{Holder: "mina", Hold: new(true)})
	if err != nil {
		log.Fatal(err)
	}
	r, err = c.Confirm(ctx, "tee", r.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Status, r.Remaining, "left")
	// Output: confirmed 1 left
}

func ExampleError() {
	startExamples()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := c.CreateProduct(ctx, client.NewProduct{ID: "print", Name: "Print", Stock: 2}); err != nil {
		log.Fatal(err)
	}
	_, err = c.Reserve(ctx, "print", client.NewReservation{Holder: "mina", Quantity: 3})
	var refusal *client.Error
	var unknown *client.Unanswered
	switch {
	case errors.Is(err, client.CodeSoldOut) && errors.As(err, &refusal):
		fmt.Println("only", refusal.Remaining, "left")
	case errors.As(err, &unknown):
		fmt.Println("try again later with client.Key", unknown.Key)
	case err != nil:
		log.Fatal(err)
	}
	// Output: only 2 left
}

func ExampleClient_Products() {
	startExamples()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := c.CreateProduct(ctx, client.NewProduct{ID: "vinyl", Name: "Vinyl", Stock: 9}); err != nil {
		log.Fatal(err)
	}
	for product, err := range c.Products(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if product.ID == "vinyl" {
			fmt.Println(product.Name, product.Remaining, "of", product.Stock)
		}
	}
	// Output: Vinyl 9 of 9
}

func ExampleClient_EditProduct() {
	startExamples()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	mug, err := c.CreateProduct(ctx, client.NewProduct{ID: "mug", Name: "Mug", Stock: 5})
	if err != nil {
		log.Fatal(err)
	}
	edit := client.ProductEdit{Stock: new(int64(7)), OpensAt: client.Null[time.Time]()}
	mug, err = c.EditProduct(ctx, "mug", mug.EditTag, edit)
	if errors.Is(err, client.CodeStaleRevision) {
		fmt.Println("somebody else was faster; read it again")
	} else if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mug.Stock)
	// Output: 7
}

func ExampleClient_Watch() {
	startExamples()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := c.CreateProduct(ctx, client.NewProduct{ID: "cap", Name: "Cap", Stock: 3}); err != nil {
		log.Fatal(err)
	}
	for frame, err := range c.Watch(ctx, "product:cap") {
		if err != nil {
			log.Fatal(err)
		}
		var counts client.ProductDelta // it also has the counts of a snapshot
		if err := frame.Decode(&counts); err != nil {
			log.Fatal(err)
		}
		fmt.Println(counts.Remaining, "left")
		if !frame.Snapshot {
			break
		}
		if _, err := c.Reserve(ctx, "cap", client.NewReservation{Holder: "mina"}); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 3 left
	// 2 left
}

func ExampleClient_Book() {
	startExamples()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	_, err = c.CreatePerformance(ctx, client.NewPerformance{ID: "gala", Title: "Gala", Venue: "Town hall",
		StartsAt: time.Date(2099, 1, 1, 20, 0, 0, 0, time.UTC),
		Sections: []client.NewSection{{ID: "A", Rows: 3, SeatsPerRow: 10, Price: 1000}}})
	if err != nil {
		log.Fatal(err)
	}
	b, err := c.Book(ctx, "gala", client.NewBooking{Holder: "mina", BestAvailable: &client.BestAvailable{Quantity: 2}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.Charge(ctx, "mina", b.Amount); err != nil {
		log.Fatal(err)
	}
	b, err = c.Pay(ctx, b.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Status, len(b.Seats), "seats for", b.Amount)
	// Output: booked 2 seats for 2000
}

func ExampleCheckReceipt() {
	startExamples()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	head, err := c.LogHead(ctx)
	if err != nil {
		log.Fatal(err)
	}
	key := head.Key // store it where writers of the log can't change it
	if _, err := c.CreateProduct(ctx, client.NewProduct{ID: "poster", Name: "Poster", Stock: 1}); err != nil {
		log.Fatal(err)
	}
	r, err := c.Reserve(ctx, "poster", client.NewReservation{Holder: "mina"})
	if err != nil {
		log.Fatal(err)
	}
	receipt, err := c.ReservationReceipt(ctx, "poster", r.ID)
	if err != nil {
		log.Fatal(err)
	}
	event, err := client.CheckReceipt(receipt, key)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(event.Type, "of", event.Stream)
	// Output: product.reserved.v1 of product-poster
}

func ExampleCheckWebhook() {
	secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	receive := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		} else if err != nil {
			http.Error(w, "not read", http.StatusBadRequest)
			return
		}
		event, err := client.CheckWebhook(secret, r.Header, body)
		if err != nil {
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		fmt.Println(event.ID, event.Type) // deliveries are at least once: ignore IDs that were processed
	}

	body := `{"id":"01a2","type":"product.reserved.v1"}`
	for _, key := range []string{"whsec_AAAA", secret} {
		answer := httptest.NewRecorder()
		receive(answer, signed(key, body))
		fmt.Println(answer.Code)
	}
	// Output:
	// 401
	// 01a2 product.reserved.v1
	// 200
}

// signed returns a delivery of a webhook.
func signed(secret, body string) *http.Request {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		log.Fatal(err)
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("01a2." + at + "." + body))
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("webhook-id", "01a2")
	r.Header.Set("webhook-timestamp", at)
	r.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

// TestReadme: each Go block in README.md is in an example, which is run.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, examples, _ := strings.Cut(string(source), "func Example()")
	examples = strings.ReplaceAll(examples, "\n\t", "\n")
	blocks := strings.Split(string(readme), "```go\n")[1:]
	if len(blocks) < 5 {
		t.Errorf("README.md has %d blocks of Go, want at least 5", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(examples, "\n"+block) {
			t.Errorf("README.md has code that is in no example:\n%s", block)
		}
	}
}
