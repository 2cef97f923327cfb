package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// watch is a data source on the nodes of a resource, which depends on it or does not.
func (s subject) watch(name, nodes string) string {
	return fmt.Sprintf("data %q %q {\n  name = %q\n  nodes = %s\n  host_keys = %s.host_keys\n}\n", s.kind, name, s.name, nodes, s.address())
}

// health is what a plan has read of a data source.
func health(address string, want func(map[string]any) error) plancheck.PlanCheck {
	return planCheck(func(req plancheck.CheckPlanRequest) error {
		var found *tfjson.StateResource
		if prior := req.Plan.PriorState; prior != nil && prior.Values != nil {
			for _, each := range prior.Values.RootModule.Resources {
				if each.Address == address {
					found = each
				}
			}
		}
		if found == nil {
			return fmt.Errorf("%s was not read", address)
		}
		if err := want(found.AttributeValues); err != nil {
			return fmt.Errorf("%s: %w: %v", address, err, found.AttributeValues)
		}
		return nil
	})
}

// healthy wants a cluster without problems, on machines that all answer.
func healthy(seen map[string]any) error {
	nodes, _ := seen["status"].(map[string]any)
	for name, node := range nodes {
		status, _ := node.(map[string]any)
		if status["reachable"] != true || status["reason"] != nil || status["role"] == nil || fmt.Sprint(status["packages"]) == "map[]" {
			return fmt.Errorf("%s is not as it should be", name)
		}
	}
	if seen["healthy"] != true || fmt.Sprint(seen["problems"]) != "[]" || !strings.HasPrefix(fmt.Sprint(seen["summary"]), "3 of 3 ") || len(nodes) != 3 {
		return fmt.Errorf("it is not healthy")
	}
	return nil
}

// away wants exactly these machines not to answer, each with a reason and a problem.
func away(names ...string) func(map[string]any) error {
	return func(seen map[string]any) error {
		nodes, _ := seen["status"].(map[string]any)
		problems := fmt.Sprint(seen["problems"])
		for name, node := range nodes {
			status, _ := node.(map[string]any)
			missing := slices.Contains(names, strings.Replace(name, "m", "n", 1))
			if status["reachable"] == missing || (status["reason"] != nil) != missing || strings.Contains(problems, name+" was not seen: ") != missing {
				return fmt.Errorf("%s is not as it should be", name)
			}
		}
		if seen["healthy"] != false || len(nodes) != 3 {
			return fmt.Errorf("it is healthy")
		}
		return nil
	}
}

// TestHealthOfEveryTier reads the data source of every tier, beside its resource and on its
// own, with all machines and with fewer.
func TestHealthOfEveryTier(t *testing.T) {
	for name, build := range subjects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := build(t)
			alone := f.config(f.resource(s.kind, s.body))
			shared, own := "data."+s.kind+".shared", "data."+s.kind+".own"
			both := f.config(f.resource(s.kind, s.body), s.watch("shared", s.address()+".nodes"))
			all := f.config(f.resource(s.kind, s.body), s.watch("shared", s.address()+".nodes"),
				strings.Replace(s.watch("own", "{ for key, node in "+s.address()+".nodes : replace(key, \"n\", \"m\") => node }"),
					s.address()+".host_keys", "{ for key, value in "+s.address()+".host_keys : replace(key, \"n\", \"m\") => value }", 1))
			var since traffic
			var commands map[string]int
			count := func() map[string]int {
				now, spent := f.traffic(), map[string]int{}
				for machine := range f.servers {
					spent[machine] = now.commands[machine] - since.commands[machine]
				}
				return spent
			}
			counted := func(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
				return resource.ConfigPlanChecks{
					PostApplyPreRefresh:  []plancheck.PlanCheck{plancheck.ExpectEmptyPlan(), note(func() { since = f.traffic() })},
					PostApplyPostRefresh: append([]plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}, checks...),
				}
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{Config: alone, ConfigPlanChecks: counted(note(func() { commands = count() }))},
					{
						// A data source that refers to the resource asks no machine.
						Config: both,
						ConfigPlanChecks: counted(health(shared, healthy), planCheck(func(plancheck.CheckPlanRequest) error {
							if with := count(); fmt.Sprint(with) != fmt.Sprint(commands) {
								return fmt.Errorf("an empty plan took %v commands with a data source, and %v without", with, commands)
							}
							return nil
						})),
					},
					{
						// One that knows less than the resource sees the same.
						Config:           all,
						ConfigPlanChecks: counted(health(shared, healthy), health(own, healthy)),
					},
					{
						PreConfig:        func() { f.down("n3") },
						Config:           all,
						PlanOnly:         true,
						ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan(), health(shared, away("n3")), health(own, away("n3"))),
					},
					{
						PreConfig:        func() { f.down(f.names()...) },
						Config:           all,
						PlanOnly:         true,
						ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan(), health(shared, away(f.names()...)), health(own, away(f.names()...))),
					},
					{PreConfig: f.up, Config: all, ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan(), health(shared, healthy), health(own, healthy))},
				},
			})
		})
	}
}

// TestHealthOfWhatWasNeverBuilt is read of machines that know nothing.
func TestHealthOfWhatWasNeverBuilt(t *testing.T) {
	for name, build := range subjects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := build(t)
			data := func(nodes string) string {
				return fmt.Sprintf("data %q \"t\" {\n  name = %q\n  %s\n}\n", s.kind, s.name, nodes)
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{
						Config: f.config(data(f.nodes()), fmt.Sprintf("output \"healthy\" { value = data.%s.t.healthy }", s.kind)),
						Check:  resource.TestCheckOutput("healthy", "false"),
					},
					{Config: f.config(data("nodes = {}")), ExpectError: loose("At least one node is needed")},
					{
						Config: f.config(data(fmt.Sprintf("nodes = { n1 = { host = %[1]q }, n2 = { host = %[1]q } }", f.servers["n1"].Host()))), PlanOnly: true,
						ExpectError: loose("Nodes n1 and n2 are the same machine"),
					},
					{
						Config:      strings.Replace(f.config(data(f.nodes())), f.key, newKey(t), 1),
						ExpectError: loose("(?s)Unable to Read.*has none of these keys in its authorized_keys"),
					},
				},
			})
		})
	}
}

// TestADataSourceThatDependsOnAChangeIsReadAfterIt has a server stopped, which an apply
// starts again. Terraform reads a data source that refers to the resource afterwards.
func TestADataSourceThatDependsOnAChangeIsReadAfterIt(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	s := subject{kind: "ha_galera_cluster", name: "shop"}
	config := f.config(f.resource(s.kind, "name = \"shop\"\n"), s.watch("t", s.address()+".nodes"), "output \"summary\" { value = data.ha_galera_cluster.t.summary }")
	stop := func() { _ = f.machines["n2"].Stop("mariadb") }
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config, Check: resource.TestCheckOutput("summary", "3 of 3 nodes are members that serve.")},
			{
				PreConfig: func() { f.locked(stop) },
				Config:    config,
				Check:     resource.TestCheckOutput("summary", "3 of 3 nodes are members that serve."),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(s.address(), plancheck.ResourceActionUpdate)},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
			},
			{
				// A certificate and a backlog are figures of the node.
				PreConfig: func() {
					f.locked(func() { cluster.Nodes["n2"].Queue, cluster.Nodes["n2"].CertificateEnds = 7, "Jan  2 03:04:05 2020 GMT" })
				},
				Config: config, PlanOnly: true, ExpectNonEmptyPlan: true,
				ConfigPlanChecks: refreshed(health("data.ha_galera_cluster.t", func(seen map[string]any) error {
					status := fmt.Sprint(seen["status"])
					if !strings.Contains(status, "receive_queue:7 ") || !strings.Contains(status, "certificate_days:-") || seen["healthy"] != false {
						return fmt.Errorf("the figures are missing")
					}
					return nil
				})),
			},
		},
	})
}
