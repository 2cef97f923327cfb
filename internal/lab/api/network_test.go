package api

import (
	"testing"

	"github.com/linode/linodego"
)

func TestAddresses(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	web1, web2 := l.boot(instanceOptions("web1")), l.boot(instanceOptions("web2"))
	extra := must(c.AddInstanceIPAddress(ctx, web1.ID, true))(t)
	_, err := c.AddInstanceIPAddress(ctx, web1.ID, false)
	wantCode(t, err, 400)
	must(c.AllocateReserveIP(ctx, linodego.AllocateReserveIPOptions{Type: "ipv4", Public: true, LinodeID: web2.ID}))(t)
	if err := c.ShareIPAddresses(ctx, linodego.IPAddressesShareOptions{IPs: []string{extra.Address}, LinodeID: web2.ID}); err != nil {
		t.Fatal(err)
	}
	of2 := must(c.GetInstanceIPAddresses(ctx, web2.ID))(t)
	if len(of2.IPv4.Shared) != 1 || of2.IPv4.Shared[0].Address != extra.Address || len(of2.IPv4.Private) != 1 || len(of2.IPv4.Public) != 2 {
		t.Errorf("addresses of web2: %+v", of2.IPv4)
	}
	name := "www.example.com"
	must(c.UpdateInstanceIPAddress(ctx, web1.ID, extra.Address, linodego.IPAddressUpdateOptions{RDNS: &name}))(t)
	if got := must(c.GetIPAddress(ctx, extra.Address))(t); got.RDNS != name || got.LinodeID != web1.ID {
		t.Errorf("address %+v", got)
	}
	must(c.UpdateIPAddress(ctx, extra.Address, linodego.IPAddressUpdateOptions{}))(t)
	must(c.GetInstanceIPAddress(ctx, web1.ID, extra.Address))(t)
	if err := c.InstancesAssignIPs(ctx, linodego.LinodesAssignIPsOptions{Region: "us-east", Assignments: []linodego.LinodeIPAssignment{{Address: extra.Address, LinodeID: web2.ID}}}); err != nil {
		t.Fatal(err)
	}
	if got := must(c.GetIPAddress(ctx, extra.Address))(t); got.LinodeID != web2.ID {
		t.Errorf("assigned to %d", got.LinodeID)
	}
	err = c.InstancesAssignIPs(ctx, linodego.LinodesAssignIPsOptions{Region: "us-east", Assignments: []linodego.LinodeIPAssignment{{Address: web1.IPv4[0].String(), LinodeID: web2.ID}}})
	wantCode(t, err, 400)
	if err := c.DeleteInstanceIPAddress(ctx, web2.ID, extra.Address); err != nil {
		t.Fatal(err)
	}
	l.balancer()
	if all := must(c.ListIPAddresses(ctx, nil))(t); len(all) != 6 {
		t.Errorf("%d addresses", len(all))
	}

	made := must(c.CreateIPv6Range(ctx, linodego.IPv6RangeCreateOptions{LinodeID: web1.ID, PrefixLength: 64}))(t)
	prefix := made.Range[:len(made.Range)-len("/64")]
	if got := must(c.GetIPv6Range(ctx, prefix))(t); got.Prefix != 64 || got.Linodes[0] != web1.ID {
		t.Errorf("range %+v", got)
	}
	if got := must(c.GetInstanceIPAddresses(ctx, web1.ID))(t); len(got.IPv6.Global) != 1 || got.IPv6.SLAAC.Address == "" {
		t.Errorf("IPv6 %+v", got.IPv6)
	}
	must(c.ListIPv6Ranges(ctx, nil))(t)
	must(c.ListIPv6Pools(ctx, nil))(t)
	if err := c.DeleteIPv6Range(ctx, prefix); err != nil {
		t.Fatal(err)
	}
}

func TestFirewalls(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	addresses := []string{"0.0.0.0/0"}
	rule := linodego.FirewallRule{Action: "ACCEPT", Label: "http", Protocol: linodego.TCP, Ports: "80, 443", Addresses: linodego.NetworkAddresses{IPv4: &addresses}}
	fw := must(c.CreateFirewall(ctx, linodego.FirewallCreateOptions{
		Label: "web", Tags: []string{"site"}, Rules: linodego.FirewallRuleSet{Inbound: []linodego.FirewallRule{rule}, InboundPolicy: "DROP", OutboundPolicy: "ACCEPT"},
	}))(t)
	options := instanceOptions("web1")
	options.FirewallID = fw.ID
	i, nb := l.boot(options), l.balancer()
	device := must(c.CreateFirewallDevice(ctx, fw.ID, linodego.FirewallDeviceCreateOptions{ID: nb.ID, Type: linodego.FirewallDeviceNodeBalancer}))(t)
	_, err := c.CreateFirewallDevice(ctx, fw.ID, linodego.FirewallDeviceCreateOptions{ID: i.ID, Type: linodego.FirewallDeviceLinode})
	wantCode(t, err, 400)
	if got := must(c.ListFirewallDevices(ctx, fw.ID, nil))(t); len(got) != 2 || got[0].Entity.ID != i.ID {
		t.Errorf("devices %+v", got)
	}
	must(c.GetFirewallDevice(ctx, fw.ID, device.ID))(t)
	if got := must(c.ListInstanceFirewalls(ctx, i.ID, nil))(t); len(got) != 1 || len(got[0].Entities) != 2 {
		t.Errorf("firewalls %+v", got)
	}
	if got := must(c.ListNodeBalancerFirewalls(ctx, nb.ID, nil))(t); len(got) != 1 {
		t.Errorf("firewalls %+v", got)
	}
	if err := c.DeleteFirewallDevice(ctx, fw.ID, device.ID); err != nil {
		t.Fatal(err)
	}
	rule.Ports = "80"
	rules := must(c.UpdateFirewallRules(ctx, fw.ID, linodego.FirewallRuleSet{Inbound: []linodego.FirewallRule{rule, rule}, InboundPolicy: "DROP", OutboundPolicy: "DROP"}))(t)
	if rules.Version != 2 || len(rules.Inbound) != 2 || rules.Fingerprint == fw.Rules.Fingerprint {
		t.Errorf("rules %+v", rules)
	}
	must(c.GetFirewallRules(ctx, fw.ID))(t)
	must(c.UpdateFirewall(ctx, fw.ID, linodego.FirewallUpdateOptions{Status: linodego.FirewallDisabled}))(t)
	if got := must(c.GetFirewall(ctx, fw.ID))(t); got.Status != linodego.FirewallDisabled || got.Label != "web" {
		t.Errorf("firewall %+v", got)
	}
	must(c.ListFirewalls(ctx, nil))(t)
	rule.Protocol = linodego.ICMP
	_, err = c.UpdateFirewallRules(ctx, fw.ID, linodego.FirewallRuleSet{Inbound: []linodego.FirewallRule{rule}, InboundPolicy: "DROP", OutboundPolicy: "DROP"})
	wantCode(t, err, 400)
	second := must(c.CreateFirewall(ctx, linodego.FirewallCreateOptions{
		Label: "nbs", Rules: linodego.FirewallRuleSet{InboundPolicy: "DROP", OutboundPolicy: "ACCEPT"}, Devices: linodego.DevicesCreationOptions{NodeBalancers: []int{nb.ID}},
	}))(t)
	if len(second.Entities) != 1 {
		t.Errorf("entities %+v", second.Entities)
	}
	if err := c.DeleteFirewall(ctx, fw.ID); err != nil {
		t.Fatal(err)
	}
	if status, _ := l.request("GET", "/v4/networking/firewalls/2/history", ""); status != 501 {
		t.Errorf("history answers %d", status)
	}
}

func TestPlacementGroups(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	create := linodego.PlacementGroupCreateOptions{
		Label: "db", Region: "us-east", PlacementGroupType: linodego.PlacementGroupTypeAntiAffinityLocal, PlacementGroupPolicy: linodego.PlacementGroupPolicyStrict,
	}
	group := must(c.CreatePlacementGroup(ctx, create))(t)
	_, err := c.CreatePlacementGroup(ctx, create)
	wantCode(t, err, 400)
	options := instanceOptions("db1")
	options.PlacementGroup = &linodego.InstanceCreatePlacementGroupOptions{ID: group.ID}
	db1 := l.boot(options)
	if db1.PlacementGroup == nil || db1.PlacementGroup.ID != group.ID {
		t.Errorf("placement %+v", db1.PlacementGroup)
	}
	db2 := l.boot(instanceOptions("db2"))
	assigned := must(c.AssignPlacementGroupLinodes(ctx, group.ID, linodego.PlacementGroupAssignOptions{Linodes: []int{db2.ID}}))(t)
	if len(assigned.Members) != 2 || !assigned.IsCompliant || !assigned.Members[1].IsCompliant {
		t.Errorf("group %+v", assigned)
	}
	wantCode(t, c.DeletePlacementGroup(ctx, group.ID), 400)
	must(c.UnassignPlacementGroupLinodes(ctx, group.ID, linodego.PlacementGroupUnAssignOptions{Linodes: []int{db2.ID}}))(t)
	must(c.UpdatePlacementGroup(ctx, group.ID, linodego.PlacementGroupUpdateOptions{Label: "db-group"}))(t)
	if err := c.DeleteInstance(ctx, db1.ID); err != nil {
		t.Fatal(err)
	}
	if got := must(c.GetPlacementGroup(ctx, group.ID))(t); len(got.Members) != 0 || got.Label != "db-group" {
		t.Errorf("group %+v", got)
	}
	must(c.ListPlacementGroups(ctx, nil))(t)
	if err := c.DeletePlacementGroup(ctx, group.ID); err != nil {
		t.Error(err)
	}
}

func TestVPCs(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	v := must(c.CreateVPC(ctx, linodego.VPCCreateOptions{Label: "site", Region: "us-east", Subnets: []linodego.VPCSubnetCreateOptions{{Label: "a", IPv4: "10.1.0.0/24"}}}))(t)
	sub := must(c.CreateVPCSubnet(ctx, linodego.VPCSubnetCreateOptions{Label: "b", IPv4: "10.2.0.0/24"}, v.ID))(t)
	_, err := c.CreateVPCSubnet(ctx, linodego.VPCSubnetCreateOptions{Label: "c", IPv4: "10.2.0.0/25"}, v.ID)
	wantCode(t, err, 400)
	any11 := "any"
	options := instanceOptions("web1")
	options.Interfaces = []linodego.InstanceConfigInterfaceCreateOptions{{Purpose: linodego.InterfacePurposeVPC, SubnetID: &sub.ID, Primary: true, IPv4: &linodego.VPCIPv4{NAT1To1: &any11}}}
	i := l.boot(options)
	if got := l.backend.machines[i.ID].spec.VLANs; len(got) != 1 || got[0].Address != "10.2.0.2/24" {
		t.Errorf("networks %v", got)
	}
	ips := must(c.GetInstanceIPAddresses(ctx, i.ID))(t)
	if len(ips.IPv4.VPC) != 1 || *ips.IPv4.VPC[0].NAT1To1 != i.IPv4[0].String() {
		t.Errorf("VPC addresses %+v", ips.IPv4.VPC)
	}
	must(c.ListAllVPCIPAddresses(ctx, nil))(t)
	if got := must(c.ListVPCIPAddresses(ctx, v.ID, nil))(t); len(got) != 1 {
		t.Errorf("addresses %+v", got)
	}
	if got := must(c.GetVPCSubnet(ctx, v.ID, sub.ID))(t); len(got.Linodes) != 1 || got.Linodes[0].ID != i.ID {
		t.Errorf("subnet %+v", got)
	}
	wantCode(t, c.DeleteVPCSubnet(ctx, v.ID, sub.ID), 400)
	must(c.UpdateVPC(ctx, v.ID, linodego.VPCUpdateOptions{Label: "site2"}))(t)
	must(c.UpdateVPCSubnet(ctx, v.ID, sub.ID, linodego.VPCSubnetUpdateOptions{Label: "b2"}))(t)
	must(c.ListVPCSubnets(ctx, v.ID, nil))(t)
	must(c.ListVPCs(ctx, nil))(t)
	must(c.GetVPC(ctx, v.ID))(t)
	p := must(c.NewEventPoller(ctx, i.ID, linodego.EntityLinode, linodego.ActionLinodeDelete))(t)
	if err := c.DeleteInstance(ctx, i.ID); err != nil {
		t.Fatal(err)
	}
	must(p.WaitForFinished(ctx, 10))(t)
	if err := c.DeleteVPCSubnet(ctx, v.ID, sub.ID); err != nil {
		t.Error(err)
	}
	if err := c.DeleteVPC(ctx, v.ID); err != nil {
		t.Error(err)
	}
}

func TestTags(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	i := l.boot(instanceOptions("web1"))
	must(c.CreateTag(ctx, linodego.TagCreateOptions{Label: "blue", Linodes: []int{i.ID}}))(t)
	if got := must(c.ListTags(ctx, nil))(t); len(got) != 2 {
		t.Errorf("tags %+v", got)
	}
	if got := must(c.ListTaggedObjects(ctx, "blue", nil))(t); len(got) != 1 || got[0].Type != "linode" {
		t.Errorf("tagged %+v", got)
	}
	if err := c.DeleteTag(ctx, "blue"); err != nil {
		t.Error(err)
	}
	if got := must(c.GetInstance(ctx, i.ID))(t); len(got.Tags) != 1 {
		t.Errorf("tags of the instance %v", got.Tags)
	}
}
