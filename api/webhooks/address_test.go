package webhooks

import (
	"net/netip"
	"strings"
	"testing"
)

// TestAddresses: permitted targets of deliveries, always and with --webhook-allow-private.
func TestAddresses(t *testing.T) {
	const always, ifAllowed, never = "always", "if allowed", "never"
	for want, addresses := range map[string]string{
		always: "1.1.1.1 8.8.8.8 172.15.255.255 172.32.0.1 192.167.255.255 192.169.0.1 100.63.255.255 100.128.0.1 " +
			"169.253.1.1 223.255.255.255 2606:4700::1111 2a00::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1 " +
			"2a00::5efe:808:808 ::808:808",
		ifAllowed: "127.0.0.1 127.255.255.255 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 ::1 fc00::1 " +
			"fdff::1 ::ffff:127.0.0.1 ::ffff:10.1.2.3 64:ff9b::10.0.0.1 2002:a00:1::1 2002:7f00:1::1 2a00::5efe:10.0.0.1 " +
			"2a00::200:5efe:192.168.0.1 ::10.0.0.1 ::ffff:0:127.0.0.1",
		never: "0.0.0.0 0.1.2.3 100.64.0.1 100.127.255.255 169.254.169.254 169.254.0.1 192.0.0.1 192.0.2.1 192.88.99.1 " +
			"198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: fe80::1 febf::1 " +
			"fe80::1%eth0 fec0::1 ff02::1 100::1 2001::1 2001:db8::1 3fff::1 4000::1 64:ff9b:1::a00:1 " +
			"::ffff:169.254.169.254 ::ffff:0.0.0.0 64:ff9b::169.254.169.254 2002:a9fe:a9fe::1 2a00::5efe:169.254.169.254 " +
			"::ffff:100.64.0.1 ::169.254.1.1",
	} {
		for text := range strings.FieldsSeq(addresses) {
			address := netip.MustParseAddr(text)
			if got := allowed(address, false); got != (want == always) {
				t.Errorf("allowed(%s, false) = %t, want allowed %s", text, got, want)
			}
			if got := allowed(address, true); got != (want != never) {
				t.Errorf("allowed(%s, true) = %t, want allowed %s", text, got, want)
			}
		}
	}
	if allowed(netip.Addr{}, true) {
		t.Error("allowed(the zero address, true) = true, want false")
	}
}

// TestURLs: URLs that are permitted or refused without resolving them.
func TestURLs(t *testing.T) {
	for text, public := range map[string]bool{
		"https://shop.example/hooks?a=1":  true,
		"https://shop.example:8443":       true,
		"https://SHOP.example./":          true,
		"https://8.8.8.8/":                true,
		"https://[2606:4700::1111]:443/":  true,
		"https://xn--bcher-kva.example/":  true,
		"https://a.0x7f.example/":         true,
		"https://shop_1.example/":         true,
		"http://shop.example/":            false,
		"http://127.0.0.1:8080/":          false,
		"http://localhost/":               false,
		"https://localhost/":              false,
		"https://api.LOCALHOST./":         false,
		"https://10.0.0.1/":               false,
		"https://[::1]/":                  false,
		"https://[fd00::1]/":              false,
		"https://[::ffff:192.168.1.1]:1/": false,
	} {
		if fault := URLFault(text, true); fault != "" {
			t.Errorf("URLFault(%s, true) = %q, want none", text, fault)
		}
		if fault := URLFault(text, false); (fault == "") != public {
			t.Errorf("URLFault(%s, false) = %q, want none: %t", text, fault, public)
		}
	}
	for _, text := range []string{
		"", "shop.example", "//shop.example/", "https:", "https:///", "https:shop.example", "https://:443/", "ftp://shop.example/",
		"javascript:alert(1)", "file:///etc/passwd", "https://user@shop.example/", "https://user:secret@shop.example/",
		"https://@shop.example/", "https://shop.example/#a", "https://shop.example/#", "https://shop.example:0/",
		"https://shop.example:65536/", "https://shop.example:/", "https://shop.example:http/", "https://shop.example/ a",
		"https://shop.example/\n", "https://bücher.example/", "https://2130706433/", "https://0x7f000001/", "https://127.1/",
		"https://0x7f.1/", "https://017700000001/", "https://1.2.3/", "https://1.2.3.256/", "https://a.1/", "https://127.0.0.1./",
		"https://169.254.169.254/", "https://[fe80::1%25eth0]/", "https://[::ffff:169.254.169.254]/", "https://0.0.0.0/",
		"https://[::]/", "https://shop.example\\@10.0.0.1/", "https://[::1/", "https://./", "https://127.0.0.%EF%BC%91/", "https://%EF%BD%8Cocalhost/",
		"https://127%E3%80%820%E3%80%820%E3%80%821/", "https://" + strings.Repeat("a", 64) + ".com/", "https://example..com/", "https://*/", "https://-/", "https://a_.example-/",
		"https://shop.example/" + strings.Repeat("a", 2048),
	} {
		if URLFault(text, true) == "" {
			t.Errorf("URLFault(%q, true) = \"\", want a fault", text)
		}
	}
}
