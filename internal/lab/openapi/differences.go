package openapi

import (
	"errors"
	"fmt"
	"strings"
)

// side says which messages of an operation a difference is about.
type side int

const (
	request side = 1 << iota
	response
	both = request | response
)

// difference is one place where the contract and the API of today, as
// linodego 1.69 and the linode provider 3.x use it, are known to disagree.
type difference struct {
	// at lists operations as "method path" below /{apiVersion}; "*" as
	// method means every method of the path.
	at []string
	// in says which message; of a list answer, its items are meant.
	in side
	// below is the dotted property that holds the change ("[]" enters items).
	below string
	// property is added (or replaced) with schema.
	property string
	schema   string
	// set changes keywords of the schema at below itself; nil removes one.
	set map[string]any
}

var (
	instances = []string{"* /linode/instances", "* /linode/instances/{linodeId}", "post /linode/instances/{linodeId}/rebuild"}
	balancers = []string{"* /nodebalancers", "* /nodebalancers/{nodeBalancerId}", "get /linode/instances/{linodeId}/nodebalancers"}
	ports     = []string{"* /nodebalancers/{nodeBalancerId}/configs", "* /nodebalancers/{nodeBalancerId}/configs/{configId}", "post /nodebalancers/{nodeBalancerId}/configs/{configId}/rebuild"}
	bootSets  = []string{"* /linode/instances/{linodeId}/configs", "* /linode/instances/{linodeId}/configs/{configId}"}
	firewalls = []string{"* /networking/firewalls", "* /networking/firewalls/{firewallId}", "* /linode/instances/{linodeId}/firewalls", "* /nodebalancers/{nodeBalancerId}/firewalls"}
	addresses = []string{"* /networking/ips", "* /networking/ips/{address}", "post /linode/instances/{linodeId}/ips", "* /linode/instances/{linodeId}/ips/{address}"}
	groups    = []string{"* /placement/groups", "* /placement/groups/{groupId}", "post /placement/groups/{groupId}/assign", "post /placement/groups/{groupId}/unassign"}
	volumes   = []string{"* /volumes", "* /volumes/{volumeId}", "post /volumes/{volumeId}/attach", "post /volumes/{volumeId}/clone", "post /volumes/{volumeId}/resize"}
	attached  = []string{"get /linode/instances/{linodeId}/volumes"}
)

const (
	boolean     = `{"type":"boolean"}`
	integer     = `{"type":"integer"}`
	text        = `{"type":"string"}`
	integers    = `{"type":"array","items":{"type":"integer"}}`
	texts       = `{"type":"array","items":{"type":"string"}}`
	generation  = `{"type":"string","enum":["legacy_config","linode"]}`
	encryption  = `{"type":"string","enum":["enabled","disabled"]}`
	linodesList = `{"type":"array","items":{"type":"object","properties":{"linode_id":{"type":"integer"}}}}`
)

// knownDifferences is the complete list; each group has its reason.
func knownDifferences() []difference {
	return []difference{
		// Linode Interfaces, network helper, disk encryption and maintenance
		// policies are newer than the contract; clients send and read them.
		{at: instances, in: both, property: "interface_generation", schema: generation},
		{at: instances, in: both, property: "disk_encryption", schema: encryption},
		{at: instances, in: both, property: "maintenance_policy", schema: text},
		{at: instances, in: response, property: "locks", schema: texts},
		{at: []string{"post /linode/instances"}, in: request, property: "network_helper", schema: boolean},
		{at: []string{"post /linode/instances"}, in: request, property: "ipv4", schema: texts},
		{at: []string{"post /linode/instances"}, in: request, below: "placement_group", property: "compliant_only", schema: boolean},
		{at: instances, in: response, below: "specs", property: "accelerated_devices", schema: integer},

		// linodego always sends "interfaces", null where there are none, and
		// a configuration without interfaces is answered with an empty list.
		{at: bootSets, in: both, below: "interfaces", set: map[string]any{"nullable": true, "minItems": 0}},
		{at: bootSets, in: both, property: "init_rd", schema: `{"type":"integer","nullable":true}`},
		// The published pattern of root_device is prose.
		{at: bootSets, in: both, below: "root_device", set: map[string]any{"pattern": nil}},
		{at: []string{"get /linode/instances/{linodeId}/configs/{configId}/interfaces"}, in: response, set: map[string]any{"minItems": 0}},

		// NodeBalancer plans, UDP, VPC backends and the consistent hash.
		{at: balancers, in: both, property: "type", schema: `{"type":"string","enum":["common","premium","premium_40gb"]}`},
		{at: balancers, in: both, property: "client_udp_sess_throttle", schema: integer},
		{at: balancers, in: response, property: "locks", schema: texts},
		{at: balancers, in: request, property: "ipv4", schema: text},
		{at: balancers, in: request, property: "vpcs", schema: `{"type":"array","items":{"type":"object"}}`},
		// linodego sends "tags": null when there are none.
		{at: balancers, in: request, below: "tags", set: map[string]any{"nullable": true}},
		{at: ports, in: both, below: "algorithm", set: map[string]any{"enum": []any{"roundrobin", "leastconn", "source", "ring_hash"}}},
		{at: ports, in: both, property: "udp_check_port", schema: integer},
		{at: ports, in: response, property: "udp_session_timeout", schema: integer},
		// Nodes may be given with a configuration, as the contract already
		// says for configurations inside the creation of a NodeBalancer.
		{at: ports, in: request, property: "nodes", schema: `{"type":"array","items":{"type":"object"}}`},
		// Without a certificate the two are answered as null or "".
		{at: ports, in: response, below: "ssl_commonname", set: map[string]any{"nullable": true}},
		{at: ports, in: response, below: "ssl_fingerprint", set: map[string]any{"nullable": true}},
		{at: []string{"* /nodebalancers/{nodeBalancerId}/configs/{configId}/nodes", "* /nodebalancers/{nodeBalancerId}/configs/{configId}/nodes/{nodeId}"},
			in: request, property: "subnet_id", schema: integer},

		// A firewall names the devices it is created with and lists them.
		{at: []string{"post /networking/firewalls"}, in: request, property: "devices",
			schema: `{"type":"object","properties":{"linodes":` + integers + `,"nodebalancers":` + integers + `,"linode_interfaces":` + integers + `}}`},
		{at: firewalls, in: response, property: "entities", schema: `{"type":"array","items":{"type":"object"}}`},
		// linodego sends null for an empty list of rules.
		{at: []string{"post /networking/firewalls"}, in: request, below: "rules.inbound", set: map[string]any{"nullable": true}},
		{at: []string{"post /networking/firewalls"}, in: request, below: "rules.outbound", set: map[string]any{"nullable": true}},
		{at: []string{"put /networking/firewalls/{firewallId}/rules"}, in: request, below: "inbound", set: map[string]any{"nullable": true}},
		{at: []string{"put /networking/firewalls/{firewallId}/rules"}, in: request, below: "outbound", set: map[string]any{"nullable": true}},

		// Addresses know their interface and whether they are reserved.
		{at: addresses, in: response, property: "reserved", schema: boolean},
		{at: addresses, in: response, property: "interface_id", schema: `{"type":"integer","nullable":true}`},
		{at: addresses, in: response, below: "linode_id", set: map[string]any{"nullable": true}},

		// The contract shows migrations only where one group is read.
		{at: groups, in: response, property: "migrations", schema: `{"type":"object","nullable":true,"properties":{"inbound":` + linodesList + `,"outbound":` + linodesList + `}}`},
		{at: groups, in: request, property: "compliant_only", schema: boolean},

		// The published pattern of a label looks ahead, which Go's patterns cannot;
		// the handlers keep to it.
		{at: volumes, in: both, below: "label", set: map[string]any{"pattern": nil}},
		// Volumes have up to 16384 GB, says the guide to Block Storage.
		{at: append(attached, volumes...), in: both, below: "size", set: map[string]any{"maximum": 16384}},
		// Shown for each volume but, in the contract, not in a Linode's list.
		{at: attached, in: response, property: "io_ready", schema: boolean},
		// linodego sends "tags": null when there are none.
		{at: []string{"post /volumes"}, in: request, below: "tags", set: map[string]any{"nullable": true}},

		// Read as an integer by linodego and its pollers, a string here.
		{at: []string{"get /account/events", "get /account/events/{eventId}"}, in: response, below: "secondary_entity", property: "id", schema: `{}`},
		{at: []string{"get /account/events", "get /account/events/{eventId}"}, in: response, below: "entity.type",
			set: map[string]any{"enum": nil}},
		// What a tag is on is told apart by a discriminator that looks for the
		// kind in the object's own "type", where a Linode has its plan.
		{at: []string{"get /tags/{tagLabel}"}, in: response, property: "data", schema: `{"type":"object"}`},
		// "site-type" is a slip of the document: the API says site_type.
		{at: []string{"get /regions", "get /regions/{regionId}"}, in: response, property: "site_type", schema: text},
	}
}

// applyDifferences edits the contract's tree; a difference that finds nothing
// to change is an error, so that the list cannot outlive its reasons.
func applyDifferences(tree map[string]any) error {
	paths, ok := tree["paths"].(map[string]any)
	if !ok {
		return errors.New("no paths")
	}
	dropHeaderParameters(paths)
	for _, d := range knownDifferences() {
		changed := 0
		for _, at := range d.at {
			method, path, _ := strings.Cut(at, " ")
			item, ok := paths["/{apiVersion}"+path].(map[string]any)
			if !ok {
				return fmt.Errorf("no path %s", path)
			}
			for _, m := range []string{"get", "post", "put"} {
				operation, ok := item[m].(map[string]any)
				if !ok || (method != "*" && method != m) {
					continue
				}
				for _, schema := range messageSchemas(operation, d.in) {
					changed += d.apply(schema)
				}
			}
		}
		if changed == 0 {
			return fmt.Errorf("nothing to change for %v %s %s", d.at, d.below, d.property)
		}
	}
	return nil
}

// dropHeaderParameters removes X-Filter: it is JSON in a header, which the
// contract describes as an object in OpenAPI's own header style.
func dropHeaderParameters(paths map[string]any) {
	for _, item := range paths {
		operations, _ := item.(map[string]any)
		for _, operation := range operations {
			op, ok := operation.(map[string]any)
			if !ok {
				continue
			}
			parameters, _ := op["parameters"].([]any)
			var kept []any
			for _, p := range parameters {
				if parameter, _ := p.(map[string]any); parameter["in"] != "header" {
					kept = append(kept, p)
				}
			}
			if parameters != nil {
				op["parameters"] = kept
			}
		}
	}
}
