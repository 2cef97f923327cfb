package api

import (
	"fmt"
	"net/netip"
	"strings"
)

const (
	// StatsSocket is where the balancer's HAProxy answers "show stat"; over it
	// a new process takes the listening sockets of the old one.
	StatsSocket = "/run/haproxy/admin.sock"
	// CertificateDirectory is where BalancerSpec.Files must be placed.
	CertificateDirectory = "/etc/haproxy/lab"
	// ServerStateFile is where the output of "show servers state" may be put
	// before a reload; HAProxy then starts with what it knew of its nodes
	// instead of believing all of them. Its absence is only a warning.
	ServerStateFile = "/run/haproxy/servers.state"
)

func backendName(p *portConfig) string { return fmt.Sprintf("nodes-%d", p.ID) }

func serverName(n *node) string { return fmt.Sprintf("node-%d", n.ID) }

func certificateName(p *portConfig) string { return fmt.Sprintf("config-%d.pem", p.ID) }

// renderBalancer turns a NodeBalancer into the HAProxy that behaves like it.
func renderBalancer(b *balancer, source netip.Addr) BalancerSpec {
	spec := BalancerSpec{ID: b.ID, PublicIPv4: b.IPv4, Files: map[string][]byte{}}
	if source.IsValid() {
		spec.SourceIPv4 = source.String()
	}
	w := &strings.Builder{}
	renderGlobal(w)
	for _, p := range b.Configs {
		renderFrontend(w, b, p)
		renderBackend(w, b, p, source)
		if p.Protocol == "https" {
			spec.Files[certificateName(p)] = []byte(strings.TrimSpace(p.SSLCert) + "\n" + strings.TrimSpace(p.SSLKey) + "\n")
		}
	}
	spec.Config = w.String()
	return spec
}

// renderGlobal writes what all ports share. A request whose connection fails
// is tried on another node at once, so that a dead node costs no request until
// its check has noticed. A NodeBalancer takes 10000 connections; where the limit
// of open files is too low for them HAProxy takes fewer instead of not starting.
func renderGlobal(w *strings.Builder) {
	fmt.Fprintf(w, `global
    log stdout format raw local0 notice
    maxconn 10000
    no strict-limits
    hard-stop-after 30s
    stats socket %s mode 600 level admin expose-fd listeners
    server-state-file %s

defaults
    log global
    mode http
    load-server-state-from-file global
    timeout connect 5s
    timeout client 1m
    timeout server 1m
    timeout tunnel 1h
    timeout http-request 10s
    timeout http-keep-alive 10s
    timeout queue 5s
    retries 3
    option redispatch 1
`, StatsSocket, ServerStateFile)
}

func mode(p *portConfig) string {
	if p.Protocol == "tcp" {
		return "tcp"
	}
	return "http"
}

func renderFrontend(w *strings.Builder, b *balancer, p *portConfig) {
	fmt.Fprintf(w, "\nfrontend port-%d\n    mode %s\n    bind :%d%s\n", p.Port, mode(p), p.Port, bindTLS(p))
	if b.Throttle > 0 {
		fmt.Fprintf(w, "    stick-table type ip size 100k expire 10s store conn_rate(1s)\n")
		fmt.Fprintf(w, "    tcp-request connection track-sc0 src\n")
		fmt.Fprintf(w, "    tcp-request connection reject if { sc0_conn_rate gt %d }\n", b.Throttle)
	}
	if p.Protocol != "tcp" {
		fmt.Fprintf(w, "    option forwardfor\n")
		fmt.Fprintf(w, "    http-request set-header X-Forwarded-Proto %s\n", p.Protocol)
		fmt.Fprintf(w, "    http-request set-header X-Forwarded-Port %d\n", p.Port)
	}
	fmt.Fprintf(w, "    default_backend %s\n", backendName(p))
}

// bindTLS terminates TLS; NodeBalancers speak HTTP/1.1 only.
func bindTLS(p *portConfig) string {
	if p.Protocol != "https" {
		return ""
	}
	tls := fmt.Sprintf(" ssl crt %s/%s alpn http/1.1", CertificateDirectory, certificateName(p))
	if p.CipherSuite == "legacy" {
		return tls + " ssl-min-ver TLSv1.0 ciphers DEFAULT@SECLEVEL=0"
	}
	return tls + " ssl-min-ver TLSv1.2"
}

func renderBackend(w *strings.Builder, b *balancer, p *portConfig, source netip.Addr) {
	fmt.Fprintf(w, "\nbackend %s\n    mode %s\n", backendName(p), mode(p))
	if source.IsValid() {
		fmt.Fprintf(w, "    source %s\n", source)
	}
	renderAlgorithm(w, p)
	renderStickiness(w, p)
	if p.Protocol != "tcp" {
		// connections kept to a node that restarts would fail the next request
		fmt.Fprintf(w, "    option http-server-close\n    retry-on conn-failure\n")
	}
	fmt.Fprintf(w, "    option allbackups\n")
	renderCheck(w, b, p)
	for _, n := range p.Nodes {
		fmt.Fprintf(w, "    server %s %s%s\n", serverName(n), n.Address, serverOptions(p, n))
	}
}

func renderAlgorithm(w *strings.Builder, p *portConfig) {
	if p.Algorithm == "ring_hash" {
		fmt.Fprintf(w, "    balance source\n    hash-type consistent\n")
		return
	}
	fmt.Fprintf(w, "    balance %s\n", p.Algorithm)
}

func renderStickiness(w *strings.Builder, p *portConfig) {
	switch p.Stickiness {
	case "table":
		fmt.Fprintf(w, "    stick-table type ip size 200k expire 30m\n    stick on src\n")
	case "http_cookie":
		fmt.Fprintf(w, "    cookie NB_SRVID insert indirect nocache\n")
	}
}

func renderCheck(w *strings.Builder, b *balancer, p *portConfig) {
	if p.Check == "none" {
		return
	}
	fmt.Fprintf(w, "    timeout check %ds\n", p.CheckTimeout)
	if p.Check == "connection" {
		return
	}
	fmt.Fprintf(w, "    option httpchk\n")
	fmt.Fprintf(w, "    http-check send meth GET uri %s ver HTTP/1.1 hdr Host %s\n", quote(p.CheckPath), b.IPv4)
	fmt.Fprintf(w, "    http-check expect status 200-399\n")
	if p.Check == "http_body" {
		fmt.Fprintf(w, "    http-check expect rstring %s\n", quote(p.CheckBody))
	}
}

// quote makes one word of HAProxy's configuration language: nothing is special
// between single quotes, and a single quote is escaped outside of them.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func serverOptions(p *portConfig, n *node) string {
	var options string
	add := func(format string, args ...any) { options += " " + fmt.Sprintf(format, args...) }
	weight := n.Weight
	if n.Mode == "drain" {
		// only clients that stick to the node still reach it
		weight = 0
	}
	add("weight %d", weight)
	if p.Check != "none" {
		// attempts that fail in a row take a node out, one that succeeds
		// brings it back: no source names a number for the way back
		add("check inter %ds fall %d rise 1", p.CheckInterval, p.CheckAttempts)
		if p.CheckPassive {
			// One bad answer is enough, as documented for NodeBalancers;
			// HAProxy's layer 7 observation excepts 501 and 505 likewise.
			// Without a check nothing would bring the node back.
			layer := "layer7"
			if p.Protocol == "tcp" {
				layer = "layer4"
			}
			add("observe %s error-limit 1 on-error mark-down", layer)
		}
	}
	if p.Stickiness == "http_cookie" {
		add("cookie %s", serverName(n))
	}
	switch p.ProxyProtocol {
	case "v1":
		add("send-proxy")
	case "v2":
		add("send-proxy-v2")
	}
	switch n.Mode {
	case "backup":
		add("backup")
	case "reject":
		add("disabled")
	}
	return options
}
