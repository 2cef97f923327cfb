package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testSource = netip.MustParseAddr("192.168.255.201")

var update = flag.Bool("update", false, "rewrite the golden files")

// testCertificate makes a certificate and its key for a name.
func testCertificate(t *testing.T, name string) (string, string) {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))(t)
	keyDER := must(x509.MarshalECPrivateKey(key))(t)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}))
}

func goldenBalancers() map[string]*balancer {
	port := func(id, number int, change func(*portConfig)) *portConfig {
		p := defaultPort()
		p.ID, p.Port = id, number
		p.Nodes = []*node{
			{ID: 401, Label: "web1", Address: "192.168.128.10:80", Weight: 100, Mode: "accept"},
			{ID: 402, Label: "web2", Address: "192.168.128.11:80", Weight: 50, Mode: "accept"},
		}
		change(&p)
		return &p
	}
	one := func(throttle int, ports ...*portConfig) *balancer {
		return &balancer{ID: 201, IPv4: "172.29.1.1", Throttle: throttle, Configs: ports}
	}
	return map[string]*balancer{
		"empty": one(0),
		"http": one(0, port(301, 80, func(p *portConfig) {
			p.Check, p.CheckPath, p.CheckInterval, p.CheckTimeout, p.CheckAttempts = "http", "/healthz.php?deep=1", 5, 3, 2
			p.Stickiness = "table"
		})),
		"https": one(20, port(302, 443, func(p *portConfig) {
			p.Protocol, p.SSLCert, p.SSLKey = "https", "CERT", "KEY"
			p.Algorithm, p.Stickiness = "leastconn", "http_cookie"
			p.Check, p.CheckPath, p.CheckBody, p.CheckInterval, p.CheckTimeout = "http_body", "/", `it's \d+ "ok" $HOME # not a comment`, 10, 5
		}), port(303, 8443, func(p *portConfig) {
			p.Protocol, p.SSLCert, p.SSLKey, p.CipherSuite = "https", "CERT", "KEY", "legacy"
		})),
		"tcp": one(0, port(304, 3306, func(p *portConfig) {
			p.Protocol, p.ProxyProtocol, p.Check, p.Algorithm = "tcp", "v2", "connection", "source"
		}), port(305, 3307, func(p *portConfig) {
			p.Protocol, p.ProxyProtocol, p.Check, p.CheckPassive, p.Algorithm = "tcp", "v1", "connection", false, "ring_hash"
		})),
		"modes": one(0, port(306, 80, func(p *portConfig) {
			p.Check = "connection"
			for n, mode := range []string{"reject", "drain", "backup"} {
				p.Nodes = append(p.Nodes, &node{ID: 403 + n, Address: "192.168.128.2" + itoa(n) + ":80", Weight: 100, Mode: mode})
			}
		})),
	}
}

func TestRenderBalancerGolden(t *testing.T) {
	for name, b := range goldenBalancers() {
		t.Run(name, func(t *testing.T) {
			got := renderBalancer(b, testSource).Config
			path := filepath.Join("testdata", "haproxy", name+".cfg")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want := must(os.ReadFile(path))(t)
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSourceIsOptional(t *testing.T) {
	b := goldenBalancers()["tcp"]
	if spec := renderBalancer(b, netip.Addr{}); strings.Contains(spec.Config, "    source ") || spec.SourceIPv4 != "" {
		t.Errorf("a source without an address: %+v", spec)
	}
}

// TestHAProxyAcceptsGolden asks HAProxy itself where it is installed.
func TestHAProxyAcceptsGolden(t *testing.T) {
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("haproxy is not installed")
	}
	cert, key := testCertificate(t, "www.example.com")
	for name, b := range goldenBalancers() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, p := range b.Configs {
				if p.Protocol == "https" {
					p.SSLCert, p.SSLKey = cert, key
				}
			}
			spec := renderBalancer(b, testSource)
			for file, data := range spec.Files {
				if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			config := strings.ReplaceAll(spec.Config, CertificateDirectory, dir)
			path := filepath.Join(dir, "haproxy.cfg")
			if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), haproxy, "-c", "-V", "-f", path).CombinedOutput()
			if err != nil || strings.Contains(string(out), "ALERT") {
				t.Errorf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}

func FuzzQuote(f *testing.F) {
	f.Add(`it's`)
	f.Add(`a"b\c$d#e f`)
	f.Fuzz(func(t *testing.T, text string) {
		if got := unquote(t, quote(text)); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	})
}

// unquote reads one word the way HAProxy's manual describes quoting.
func unquote(t *testing.T, word string) string {
	t.Helper()
	var out strings.Builder
	strong, escaped := false, false
	for _, c := range []byte(word) {
		switch {
		case escaped:
			out.WriteByte(c)
			escaped = false
		case c == '\'':
			strong = !strong
		case !strong && c == '\\':
			escaped = true
		case !strong:
			t.Fatalf("%q stands outside of quotes", c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}
