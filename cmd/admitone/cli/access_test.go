package cli

import (
	"net/http"
	"strings"
	"testing"
)

// TestWalletCharges: with tokens a holder can't charge a wallet, unless a flag allows it.
func TestWalletCharges(t *testing.T) {
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"--auth", "jwt"}, http.StatusForbidden},
		{[]string{"--auth", "jwt", "--wallet-charges", "service"}, http.StatusForbidden},
		{[]string{"--auth", "jwt", "--wallet-charges", "holder"}, http.StatusCreated},
		{nil, http.StatusCreated},
	} {
		store := t.TempDir()
		token, _ := must(t, exitDone, "token", "--sub", "ada", "--role", "holder", "--store", store)
		p := launch(t, store, test.args...)
		request, err := http.NewRequest(http.MethodPost, p.url+"/v1/wallets/ada/charges", strings.NewReader(`{"amount":5}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("%v: status %d, want %d", test.args, response.StatusCode, test.want)
		}
		p.kill()
	}
	if _, stderr := must(t, exitUsage, "serve", "--wallet-charges", "anybody"); !strings.Contains(stderr,
		"holder or service") {
		t.Error(stderr)
	}
}
