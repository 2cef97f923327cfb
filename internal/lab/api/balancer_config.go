package api

import (
	"crypto/sha1"
	"crypto/tls"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// redacted stands for a certificate or key in every answer; a client that
// sends it back means "as it was".
const redacted = "<REDACTED>"

// portConfig is one port of a NodeBalancer.
type portConfig struct {
	ID            int    `json:"id"`
	Port          int    `json:"port"`
	Protocol      string `json:"protocol"`
	ProxyProtocol string `json:"proxy_protocol"`
	Algorithm     string `json:"algorithm"`
	Stickiness    string `json:"stickiness"`
	Check         string `json:"check"`
	CheckInterval int    `json:"check_interval"`
	CheckTimeout  int    `json:"check_timeout"`
	CheckAttempts int    `json:"check_attempts"`
	CheckPath     string `json:"check_path"`
	CheckBody     string `json:"check_body"`
	CheckPassive  bool   `json:"check_passive"`
	CipherSuite   string `json:"cipher_suite"`
	UDPCheckPort  int    `json:"udp_check_port"`
	SSLCert       string `json:"ssl_cert"`
	SSLKey        string `json:"ssl_key"`

	SSLCommonName  string  `json:"ssl_commonname"`
	SSLFingerprint string  `json:"ssl_fingerprint"`
	Nodes          []*node `json:"nodes"`
}

// portRequest decodes over a configuration; nodes come beside it.
type portRequest struct {
	portConfig
	Nodes []nodeRequest `json:"nodes"`
}

// UnmarshalJSON starts from the contract's defaults, so that configurations
// inside the creation of a NodeBalancer have them too.
func (r *portRequest) UnmarshalJSON(data []byte) error {
	r.portConfig = defaultPort()
	return decodePort(data, &r.portConfig, &r.Nodes)
}

func defaultPort() portConfig {
	return portConfig{
		Port: 80, Protocol: "http", ProxyProtocol: "none", Algorithm: "roundrobin", Stickiness: "none", Check: "none",
		CheckInterval: 31, CheckTimeout: 30, CheckAttempts: 3, CheckPassive: true, CipherSuite: "recommended", UDPCheckPort: 80,
	}
}

func (s *Server) viewPort(b *balancer, p *portConfig) map[string]any {
	v := map[string]any{
		"id": p.ID, "nodebalancer_id": b.ID, "port": p.Port, "protocol": p.Protocol, "proxy_protocol": p.ProxyProtocol,
		"algorithm": p.Algorithm, "stickiness": p.Stickiness, "check": p.Check, "check_interval": p.CheckInterval,
		"check_timeout": p.CheckTimeout, "check_attempts": p.CheckAttempts, "check_path": p.CheckPath, "check_body": p.CheckBody,
		"check_passive": p.CheckPassive, "cipher_suite": p.CipherSuite, "udp_check_port": p.UDPCheckPort,
		"ssl_cert": nil, "ssl_key": nil, "ssl_commonname": p.SSLCommonName, "ssl_fingerprint": p.SSLFingerprint,
	}
	if p.SSLCert != "" {
		v["ssl_cert"], v["ssl_key"] = redacted, redacted
	}
	up, down := 0, 0
	for _, n := range p.Nodes {
		switch s.status(b, p, n) {
		case "UP":
			up++
		case "DOWN":
			down++
		}
	}
	v["nodes_status"] = map[string]int{"up": up, "down": down}
	return v
}

// check refuses combinations that the contract cannot express.
func (p *portConfig) check() error {
	switch {
	case p.ProxyProtocol != "none" && p.Protocol != "tcp":
		return invalid("proxy_protocol", "proxy_protocol is only valid for protocol tcp")
	case p.Stickiness == "http_cookie" && p.Protocol == "tcp":
		return invalid("stickiness", "stickiness http_cookie is only valid for protocols http and https")
	case p.Check != "none" && p.CheckTimeout >= p.CheckInterval:
		return invalid("check_timeout", "check_timeout must be less than check_interval")
	case (p.Check == "http" || p.Check == "http_body") && !strings.HasPrefix(p.CheckPath, "/"):
		return invalid("check_path", "check_path must begin with / for checks http and http_body")
	case p.Check == "http_body" && p.CheckBody == "":
		return invalid("check_body", "check_body is required for check http_body")
	case strings.ContainsFunc(p.CheckBody, unicode.IsControl):
		return invalid("check_body", "check_body must be one line")
	case p.UDPCheckPort != 80:
		return invalid("udp_check_port", "the lab's NodeBalancers do not balance UDP")
	}
	// HAProxy would refuse its whole configuration for one bad expression
	if _, err := syntax.Parse(p.CheckBody, syntax.Perl); err != nil {
		return invalid("check_body", "check_body must be a regular expression: %v", err)
	}
	return p.checkTLS()
}

// checkTLS computes what is shown of the certificate.
func (p *portConfig) checkTLS() error {
	p.SSLCommonName, p.SSLFingerprint = "", ""
	if p.Protocol != "https" {
		p.SSLCert, p.SSLKey = "", ""
		return nil
	}
	if p.SSLCert == "" {
		return invalid("ssl_cert", "ssl_cert is required for protocol https")
	}
	if p.SSLKey == "" {
		return invalid("ssl_key", "ssl_key is required for protocol https")
	}
	pair, err := tls.X509KeyPair([]byte(p.SSLCert), []byte(p.SSLKey))
	if err != nil {
		return invalid("ssl_cert", "ssl_cert and ssl_key must be a PEM certificate and its unencrypted key: %v", err)
	}
	p.SSLCommonName = pair.Leaf.Subject.CommonName
	// Linode's fingerprints are SHA-1: twenty bytes with colons
	p.SSLFingerprint = strings.ReplaceAll(fmt.Sprintf("% X", sha1.Sum(pair.Leaf.Raw)), " ", ":")
	return nil
}

// port finds the configuration that a request names.
func (s *Server) port(c *call) (*balancer, *portConfig, error) {
	b, err := s.balancer(c)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range b.Configs {
		if p.ID == c.id("configId") {
			return b, p, nil
		}
	}
	return nil, nil, errNotFound()
}

func (b *balancer) checkPort(p *portConfig) error {
	for _, other := range b.Configs {
		if other.ID != p.ID && other.Port == p.Port {
			return invalid("port", "Port must be unique among this NodeBalancer's configurations")
		}
	}
	return p.check()
}

func (s *Server) addPort(b *balancer, r *portRequest) (*portConfig, error) {
	p := r.portConfig
	if p.CheckPath == "" && strings.HasPrefix(p.Check, "http") {
		p.CheckPath = "/"
	}
	if err := b.checkPort(&p); err != nil {
		return nil, err
	}
	p.ID = s.state.nextID("nbconfig")
	for _, n := range r.Nodes {
		if _, err := s.addNode(&p, n); err != nil {
			return nil, err
		}
	}
	b.Configs = append(b.Configs, &p)
	return &p, nil
}

func (s *Server) listPorts(c *call) (any, error) {
	b, err := s.balancer(c)
	if err != nil {
		return nil, err
	}
	views := []any{}
	for _, p := range b.Configs {
		views = append(views, s.viewPort(b, p))
	}
	return list{items: views}, nil
}

func (s *Server) getPort(c *call) (any, error) {
	b, p, err := s.port(c)
	if err != nil {
		return nil, err
	}
	return s.viewPort(b, p), nil
}

func (s *Server) createPort(c *call) (any, error) {
	b, err := s.balancer(c)
	if err != nil {
		return nil, err
	}
	r := portRequest{portConfig: defaultPort()}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	p, err := s.addPort(b, &r)
	if err != nil {
		return nil, err
	}
	s.notify("nodebalancer_config_create", b.entity())
	s.scheduleApply(b.ID)
	return s.viewPort(b, p), nil
}

func (s *Server) updatePort(c *call) (any, error) {
	return s.changePort(c, "nodebalancer_config_update", func(*portConfig, []nodeRequest) error { return nil })
}

// rebuildPort replaces the configuration's nodes; those named by their ID stay
// the same nodes.
func (s *Server) rebuildPort(c *call) (any, error) {
	return s.changePort(c, "nodebalancer_config_update", func(p *portConfig, requests []nodeRequest) error {
		before := p.Nodes
		p.Nodes = nil
		for _, r := range requests {
			n, err := s.addNode(p, r)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(before, func(old *node) bool { return old.ID == r.ID }) {
				n.ID = r.ID
			}
		}
		return nil
	})
}

func (s *Server) changePort(c *call, action string, nodes func(*portConfig, []nodeRequest) error) (any, error) {
	b, p, err := s.port(c)
	if err != nil {
		return nil, err
	}
	changed := *p
	var requests []nodeRequest
	if err := decodePort(c.body, &changed, &requests); err != nil {
		return nil, err
	}
	if changed.SSLCert == redacted {
		changed.SSLCert = p.SSLCert
	}
	if changed.SSLKey == redacted {
		changed.SSLKey = p.SSLKey
	}
	if err := b.checkPort(&changed); err != nil {
		return nil, err
	}
	if err := nodes(&changed, requests); err != nil {
		return nil, err
	}
	*p = changed
	s.notify(action, b.entity())
	s.scheduleApply(b.ID)
	return s.viewPort(b, p), nil
}

func (s *Server) deletePort(c *call) (any, error) {
	b, p, err := s.port(c)
	if err != nil {
		return nil, err
	}
	b.Configs = slices.DeleteFunc(b.Configs, func(other *portConfig) bool { return other == p })
	s.notify("nodebalancer_config_delete", b.entity())
	s.scheduleApply(b.ID)
	return none{}, nil
}
