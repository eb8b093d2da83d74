package history

import "testing"

// TestEntityID: only the first slash of an id with parts is converted.
func TestEntityID(t *testing.T) {
	for _, c := range []struct{ kind, id, want string }{
		{"seat", "gala/A-1-1", "gala~A-1-1"}, {"seat", "gala~A-1-1", "gala~A-1-1"},
		{"allowance", "gala/https://id.example/7", "gala~https://id.example/7"}, {"allowance", "gala~a/b", "gala~a/b"},
		{"allowance", "gala/a~b/c", "gala~a~b/c"},
		{"ticket", "onsale/7", "onsale~7"}, {"product", "tee", "tee"},
		{"wallet", "https://id.example/7", "https://id.example/7"}, {"holder", "a/b~c", "a/b~c"},
	} {
		if got := EntityID(c.kind, c.id); got != c.want {
			t.Errorf("EntityID(%s, %s) = %s, want %s", c.kind, c.id, got, c.want)
		}
	}
}
