package linodeprovider

import (
	"context"
	"strconv"

	"github.com/linode/linodego"
)

const defaultUDPCheckPort = int64(80)

func nodeBalancerConfigResource() resource {
	return resource{
		behavior: behavior{
			defaults: map[string]any{
				"protocol": "http", "proxy_protocol": "none", "port": int64(80), "udp_check_port": defaultUDPCheckPort,
				"check_passive": true, "cipher_suite": "recommended",
			},
			replace:  []string{"nodebalancer_id"},
			volatile: []string{"check", "check_path", "node_status"},
			adjust:   adjustNodeBalancerConfig,
		},
		create: createNodeBalancerConfig, read: readNodeBalancerConfig, update: updateNodeBalancerConfig,
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteNodeBalancerConfig(ctx, state.integer("nodebalancer_id"), id)
		},
		importID: parentsAndID("nodebalancer_id"),
	}
}

// adjustNodeBalancerConfig lets a new certificate change its fingerprint in
// the same apply.
func adjustNodeBalancerConfig(_, prior, planned object) {
	if prior != nil && (changed("ssl_cert", prior, planned) || changed("protocol", prior, planned)) {
		planned["ssl_fingerprint"], planned["ssl_commonname"] = unknown{}, unknown{}
	}
}

func nodeBalancerConfigOptions(p object) linodego.NodeBalancerConfigCreateOptions {
	options := linodego.NodeBalancerConfigCreateOptions{
		Port: p.integer("port"), Protocol: linodego.ConfigProtocol(p.str("protocol")),
		Algorithm: linodego.ConfigAlgorithm(p.str("algorithm")), Stickiness: linodego.ConfigStickiness(p.str("stickiness")),
		Check: linodego.ConfigCheck(p.str("check")), CheckInterval: p.integer("check_interval"),
		CheckAttempts: p.integer("check_attempts"), CheckTimeout: p.integer("check_timeout"),
		CheckPath: p.str("check_path"), CheckBody: p.str("check_body"),
		CheckPassive:  linodego.Pointer(p.boolean("check_passive")),
		ProxyProtocol: linodego.ConfigProxyProtocol(p.str("proxy_protocol")),
		CipherSuite:   linodego.ConfigCipher(p.str("cipher_suite")),
		SSLCert:       p.str("ssl_cert"), SSLKey: p.str("ssl_key"),
	}
	if options.Protocol == linodego.ProtocolUDP {
		options.UDPCheckPort = linodego.Pointer(p.integer("udp_check_port"))
	}
	return options
}

func createNodeBalancerConfig(ctx context.Context, s *session, c change) (object, error) {
	config, err := s.CreateNodeBalancerConfig(ctx, c.planned.integer("nodebalancer_id"), nodeBalancerConfigOptions(c.planned))
	if err != nil {
		return nil, err
	}
	recorded := c.planned.with(object{"id": strconv.Itoa(config.ID)})
	return recorded.with(nodeBalancerConfigAttributes(config)), nil
}

func readNodeBalancerConfig(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	config, err := s.GetNodeBalancerConfig(ctx, state.integer("nodebalancer_id"), id)
	if err != nil {
		return nil, err
	}
	return state.with(nodeBalancerConfigAttributes(config)), nil
}

// nodeBalancerConfigAttributes leaves certificate and key out: the API never
// returns them.
func nodeBalancerConfigAttributes(c *linodego.NodeBalancerConfig) object {
	out := object{
		"nodebalancer_id": int64(c.NodeBalancerID), "port": int64(c.Port), "protocol": string(c.Protocol),
		"proxy_protocol": string(c.ProxyProtocol), "algorithm": string(c.Algorithm), "stickiness": string(c.Stickiness),
		"check": string(c.Check), "check_interval": int64(c.CheckInterval), "check_attempts": int64(c.CheckAttempts),
		"check_timeout": int64(c.CheckTimeout), "check_path": c.CheckPath, "check_body": c.CheckBody,
		"check_passive": c.CheckPassive, "cipher_suite": string(c.CipherSuite),
		"ssl_commonname": c.SSLCommonName, "ssl_fingerprint": c.SSLFingerprint,
		"udp_check_port": int64(c.UDPCheckPort), "udp_session_timeout": int64(c.UDPSessionTimeout),
		"node_status": []any{object{"up": int64(0), "down": int64(0)}},
	}
	// The UDP check port means nothing to the other protocols, for which an
	// API may leave it out; its default is the same as the resource's.
	if c.UDPCheckPort == 0 {
		out["udp_check_port"] = defaultUDPCheckPort
	}
	if c.NodesStatus != nil {
		out["node_status"] = []any{object{"up": int64(c.NodesStatus.Up), "down": int64(c.NodesStatus.Down)}}
	}
	return out
}

func updateNodeBalancerConfig(ctx context.Context, s *session, c change) (object, error) {
	id, err := c.prior.numericID()
	if err != nil {
		return nil, err
	}
	options := linodego.NodeBalancerConfigUpdateOptions(nodeBalancerConfigOptions(c.planned))
	config, err := s.UpdateNodeBalancerConfig(ctx, c.planned.integer("nodebalancer_id"), id, options)
	if err != nil {
		return nil, err
	}
	return c.planned.with(nodeBalancerConfigAttributes(config)), nil
}
