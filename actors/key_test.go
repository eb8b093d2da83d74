package actors

import "testing"

func TestKey(t *testing.T) {
	one, other := KeyedCommandID("ann", "k", []byte("body")), KeyedCommandID("ann", "k", []byte("another"))
	if want := CommandID("k676y5teW7oh3-ZN2lmcmsA.ZG_NnjRDK9g"); one != want { // ids are in logs
		t.Errorf("the id is %s, want %s", one, want)
	}
	key, ok := one.Key()
	if again, _ := other.Key(); !ok || key == "" || key != again || one == other {
		t.Errorf("the keys of %s and %s are %q and %q, want equal ones", one, other, key, again)
	}
	for _, id := range []CommandID{KeyedCommandID("ann", "l", []byte("body")), KeyedCommandID("bob", "k", []byte("body"))} {
		if another, ok := id.Key(); !ok || another == key {
			t.Errorf("the keys of %s and %s are both %q, want different ones", id, one, another)
		}
	}
	if key, ok := NewCommandID().Key(); ok || key != "" {
		t.Errorf("an unkeyed command has the key %q, want none", key)
	}
}
