package cli

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"admitone/api/connections"
	"admitone/cmd/admitone/server"
)

// TestAddressesBehindProxy: behind the shipped load balancer, which receives client addresses by the PROXY
// protocol, a server distinguishes a thousand addresses, and a client can't forge its address with a header.
func TestAddressesBehindProxy(t *testing.T) {
	t.Parallel()
	nginxPath(t)
	proxies, err := connections.NewProxies([]string{"127.0.0.0/8"}, connections.ForwardedFor)
	if err != nil {
		t.Fatal(err)
	}
	s := nodeIn(t, server.Settings{Listen: "127.0.0.1:0", Store: t.TempDir(), RateLimit: 1, Proxies: proxies})
	s.send("POST", "/v1/products", `{"id":"p","name":"p","stock":1000000}`)
	outside := freeAddress(t)
	startNginx(t, "nginx.conf", outside, map[string]string{
		"listen 8080;": "listen " + outside + " proxy_protocol; set_real_ip_from 127.0.0.0/8; " +
			"real_ip_header proxy_protocol;",
		"admitone1:8080": s.Address(),
		"        server admitone2:8080 max_fails=0;\n        server admitone3:8080 max_fails=0;\n": "",
	})
	// reserve sends a command from an address, with a header that claims a different one.
	reserve := func(from, header, claimed string) int {
		t.Helper()
		conn, err := net.Dial("tcp", outside)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		const body = `{"holder":"ada"}`
		fmt.Fprintf(conn, "PROXY TCP4 %s 127.0.0.1 4711 443\r\nPOST /v1/products/p/reservations HTTP/1.1\r\nHost: %s\r\n"+
			"%s: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
			from, outside, header, claimed, len(body), body)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	headers := [][2]string{{"X-Forwarded-For", "198.18.200.1"}, {"Forwarded", "for=198.18.200.1"}, {"X-Real-IP",
		"198.18.200.1"}, {"X-Forwarded-For", "127.0.0.1"}, {"Forwarded", "for=127.0.0.1"}}
	for i := range 1000 {
		forged := headers[i%len(headers)]
		if status := reserve(fmt.Sprintf("198.18.%d.%d", i/250, 1+i%250), forged[0], forged[1]); status != 201 {
			t.Fatalf("the first command of address %d, with the header %v: status %d, want 201", i, forged, status)
		}
	}
	for _, name := range []string{"X-Forwarded-For", "Forwarded"} {
		start, refused := time.Now(), 0
		const requests = 100
		for i := range requests {
			claimed := fmt.Sprintf("198.18.201.%d", i)
			if name == "Forwarded" {
				claimed = "for=" + claimed
			}
			if reserve("198.19.0."+fmt.Sprint(len(name)), name, claimed) == 429 {
				refused++
			}
		}
		if limit := 1 + int(time.Since(start).Seconds()+1); requests-refused > limit {
			t.Errorf("an address that forges a new %s each time: %d commands were accepted, want at most %d",
				name, requests-refused, limit)
		}
	}
}
