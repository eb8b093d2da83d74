package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"admitone/api"
)

// TestKeyRevokedOnAnotherNode: an API key made on one node is accepted by the other, and refused there
// within two seconds after its revocation. The key is used on the other node shortly before, so that it
// is cached there.
func TestKeyRevokedOnAnotherNode(t *testing.T) {
	t.Parallel()
	const secretText = "a secret of thirty-two bytes, or more"
	log, dir := newEventStore(t), t.TempDir()
	secret, webhooks := filepath.Join(dir, "jwt.key"), filepath.Join(dir, "webhooks.key")
	for _, file := range []string{secret, webhooks} {
		if err := os.WriteFile(file, []byte(secretText), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--auth", "jwt", "--jwt-secret-file", secret, "--webhooks-key-file", webhooks}
	here, there := serveOn(t, log.address(), args...), serveOn(t, log.address(), args...)
	token, err := api.JWTAuth{Secret: []byte(secretText)}.Token("root", api.RoleAdmin, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		key := decode[struct{ ID, Key string }](t, here.must(201, "POST", "/v1/api-keys",
			fmt.Sprintf(`{"name":"shop-%d","role":"auditor"}`, round), "Authorization", "Bearer "+token))
		use := func(s *serverProcess) int {
			status, _, _ := s.ask("GET", "/v1/events?limit=1", "", "Authorization", "Bearer "+key.Key)
			return status
		}
		for made := time.Now(); use(there) != 200; {
			if time.Since(made) > patience {
				t.Fatalf("the other node does not accept a new key within %v; want status 200", patience)
			}
		}
		time.Sleep(time.Duration(round) * 300 * time.Millisecond) // at different ages of the cached key
		use(there)
		here.must(200, "DELETE", "/v1/api-keys/"+key.ID, "", "Authorization", "Bearer "+token)
		revoked := time.Now()
		if status := use(here); status != 401 {
			t.Errorf("the revoked key on the node that revoked it: status %d, want 401", status)
		}
		for {
			requested := time.Now()
			if status := use(there); status == 401 {
				break
			} else if age := requested.Sub(revoked); age > 2*time.Second {
				t.Fatalf("the revoked key on the other node after %s: status %d, want 401", age, status)
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Logf("refused after %s", time.Since(revoked))
	}
}
