package actors

import "testing"

func TestKey(t *testing.T) {
	one, other := KeyedCommandID("ann", "k", []byte("body")), KeyedCommandID("ann", "k", []byte("another"))
	key, ok := one.Key()
	if again, _ := other.Key(); !ok || key == "" || key != again || one == other {
		t.Errorf("the keys of %s and %s are %q and %q, want them alike", one, other, key, again)
	}
	for _, id := range []CommandID{KeyedCommandID("ann", "l", []byte("body")), KeyedCommandID("bob", "k", []byte("body"))} {
		if another, ok := id.Key(); !ok || another == key {
			t.Errorf("the key of %s is %q, that of %s too", id, another, one)
		}
	}
	if key, ok := NewCommandID().Key(); ok || key != "" {
		t.Errorf("a command without a key has the key %q", key)
	}
}
