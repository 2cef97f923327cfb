package provider_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// rollout is the attribute as "terraform show -json" has it.
type rollout struct {
	Nodes []struct {
		Node, Action string
		Restarts     bool
		Transfer     *string `json:"state_transfer"`
		Size         *int64  `json:"transfer_size_mib"`
		Reasons      []string
	}
	Restarts      int
	Members       int
	LowestMembers int `json:"lowest_members"`
	Quorum        int
	AddressMoves  bool   `json:"address_moves"`
	ObservedAt    string `json:"observed_at"`
	Refusal       *string
}

// brief is a rollout in short: what is done on each node, and what of it clients notice.
func (r *rollout) brief() string {
	if r == nil {
		return "null"
	}
	var nodes []string
	for _, node := range r.Nodes {
		transfer := "unknown"
		if node.Transfer != nil {
			transfer = *node.Transfer
		}
		if node.Size != nil {
			transfer += fmt.Sprintf(" %d MiB", *node.Size)
		}
		nodes = append(nodes, fmt.Sprintf("%s %s %s", node.Node, node.Action, transfer))
	}
	brief := fmt.Sprintf("%s; %d restarts, %d of %d members, quorum %d", strings.Join(nodes, ", "), r.Restarts, r.LowestMembers, r.Members, r.Quorum)
	if r.AddressMoves {
		brief += ", the address moves"
	}
	if r.Refusal != nil {
		brief += ", refused: " + *r.Refusal
	}
	return brief
}

// reasons are those of all nodes, a line for each.
func (r *rollout) reasons() string {
	var lines []string
	for _, node := range r.Nodes {
		for _, reason := range node.Reasons {
			lines = append(lines, node.Node+": "+reason)
		}
	}
	return strings.Join(lines, "\n")
}

// rollsOut wants what a plan says of the change of a resource, and reasons that fit.
func rollsOut(address, want string, reasons ...string) plancheck.PlanCheck {
	return planCheck(func(req plancheck.CheckPlanRequest) error {
		for _, change := range req.Plan.ResourceChanges {
			if change.Address != address {
				continue
			}
			// Terraform prints what differs from the state.
			if prior, _ := change.Change.Before.(map[string]any); prior["rollout"] != nil {
				return fmt.Errorf("the state has the rollout of the change before: %v", prior["rollout"])
			}
			after, _ := change.Change.After.(map[string]any)
			unknown, _ := change.Change.AfterUnknown.(map[string]any)
			content, err := json.Marshal(after["rollout"])
			var got *rollout
			if err == nil {
				err = json.Unmarshal(content, &got)
			}
			if err != nil {
				return err
			}
			brief := got.brief()
			if unknown["rollout"] == true {
				brief = "unknown"
			}
			if brief != want {
				return fmt.Errorf("the rollout is\n%s\nand not\n%s\nbecause\n%s", brief, want, content)
			}
			if got != nil {
				if at, err := time.Parse(time.RFC3339, got.ObservedAt); err != nil || time.Since(at) > 10*time.Minute || time.Since(at) < 0 {
					return fmt.Errorf("it follows from what was observed at %q: %w", got.ObservedAt, err)
				}
			}
			for _, reason := range reasons {
				if !regexp.MustCompile(reason).MatchString(got.reasons()) {
					return fmt.Errorf("no reason fits %q:\n%s", reason, got.reasons())
				}
			}
			return nil
		}
		return fmt.Errorf("the plan does not know %s", address)
	})
}

// unmoved wants that no refresh has found a resource to be different.
var unmoved = planCheck(func(req plancheck.CheckPlanRequest) error {
	for _, found := range req.Plan.ResourceDrift {
		return fmt.Errorf("the refresh changes %s: %v is %v", found.Address, found.Change.Before, found.Change.After)
	}
	return nil
})

// An apply fails if the plan that Terraform makes again right before it says anything
// else, so every step here that applies proves that the two are the same.
func TestAPlanSaysWhatItDoesToDatabases(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	const address = "ha_galera_cluster.t"
	config := func(more string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\nusers = { shop = { hosts = [\"%\"], password_wo = \"pa55w0rd\", password_wo_version = 1 } }\n"+more))
	}
	const settings, others = "settings = { back_log = \"333\" }\n", "settings = { back_log = \"334\" }\n"
	const taken = "settings = { back_log = \"334\", max_connections = \"300\" }\n"
	const both = taken + "databases = { crm = {} }\n"
	const rolls = "n2 restart incremental, n3 restart incremental, n1 restart incremental; 3 restarts, 2 of 3 members, quorum 2, the address moves"
	takeAddress := func() { f.locked(func() { f.machines["n1"].WriteFile("/run/held", "10.0.0.100\n") }) }
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{
				Config: config(""), ConfigPlanChecks: before(rollsOut(address, "null")),
				Check: resource.TestCheckNoResourceAttr(address, "rollout.%"),
			},
			{
				PreConfig: takeAddress, Config: config(settings),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{rollsOut(address, rolls, "n1: .*70-ha.cnf differs")},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan(), unmoved},
				},
				Check: resource.TestCheckResourceAttr(address, "rollout.restarts", "3"),
			},
			{
				// The same again is told again.
				PreConfig: takeAddress, Config: config(others),
				ConfigPlanChecks: before(rollsOut(address, rolls, "n1: .*70-ha.cnf differs")),
			},
			{
				// The servers take it while they run.
				PreConfig: takeAddress, Config: config(taken),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{rollsOut(address, "n2 reload none, n3 reload none, n1 reload none; 0 restarts, 3 of 3 members, quorum 2", "n1: .*70-ha.cnf differs in max_connections")},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan(), unmoved},
				},
				Check: look(func() (err error) {
					f.locked(func() {
						for name, node := range cluster.Nodes {
							if node.Effective("max_connections") != "300" {
								err = fmt.Errorf("%s runs with %q", name, node.Effective("max_connections"))
							}
						}
					})
					return err
				}),
			},
			{
				Config: config(both),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{rollsOut(address, "n1 change none; 0 restarts, 3 of 3 members, quorum 2", "database crm is missing")},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
			},
			{
				PreConfig:        func() { f.locked(func() { cluster.Crash("n2") }) },
				Config:           config(both),
				ConfigPlanChecks: before(rollsOut(address, "n2 repair unknown; 0 restarts, 2 of 2 members, quorum 2", "n2: mariadb .*")),
			},
			{
				// A value that is not known yet could change anything.
				Config: config("settings = { back_log = terraform_data.size.output }\ndatabases = { crm = {} }\n") +
					"resource \"terraform_data\" \"size\" { input = \"444\" }\n",
				ConfigPlanChecks: before(rollsOut(address, "unknown")),
				Check:            resource.TestCheckResourceAttr(address, "rollout.restarts", "3"),
			},
		},
	})
}

// TestAPlanWithoutARefreshSaysWhenItWasObserved plans with -refresh=false: after an apply nothing
// is known, and after a refresh what that one saw, with its time.
func TestAPlanWithoutARefreshSaysWhenItWasObserved(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	galeratest.Install(t, f.machines, galeratest.MariaDB())
	const address = "ha_galera_cluster.t"
	config := func(number string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\nsettings = { back_log = \""+number+"\" }\n"))
	}
	var planned time.Time
	old := planCheck(func(req plancheck.CheckPlanRequest) error {
		i := slices.IndexFunc(req.Plan.ResourceChanges, func(change *tfjson.ResourceChange) bool { return change.Address == address })
		after, _ := req.Plan.ResourceChanges[i].Change.After.(map[string]any)
		said, _ := after["rollout"].(map[string]any)
		text, _ := said["observed_at"].(string)
		if at, err := time.Parse(time.RFC3339, text); err != nil || at.After(planned) {
			return fmt.Errorf("observed at %q, and planned at %s", text, planned)
		}
		return nil
	})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: true}},
		Steps: []resource.TestStep{
			{Config: config("333")},
			{Config: config("334"), ConfigPlanChecks: before(rollsOut(address, "null"))},
			{RefreshState: true},
			{
				PreConfig: func() { planned = time.Now() }, Config: config("335"),
				ConfigPlanChecks: before(rollsOut(address, "n1 restart incremental, n2 restart incremental, n3 restart incremental; 3 restarts, 2 of 3 members, quorum 2"), old),
			},
		},
	})
}

// A release is told of as any other roll, and so is one to which the nodes do not go back.
func TestAPlanUpgradesDatabases(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	for name := range f.machines {
		cluster.Offers(name, "1:10.11.18-0+deb12u1", "1:10.11.19-0+deb12u1")
	}
	const address = "ha_galera_cluster.t"
	config := func(version string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\nversion = \""+version+"\"\n"))
	}
	const rolls = "n1 restart incremental, n2 restart incremental, n3 restart incremental; 3 restarts, 2 of 3 members, quorum 2"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config("10.11.18"), Check: resource.TestCheckResourceAttr(address, "server_version", "10.11.18-MariaDB")},
			{
				Config: config("10.11.19"),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{rollsOut(address, rolls, "n1: it has MariaDB 10.11.18 and is to have 10.11.19")},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				Check: resource.TestCheckResourceAttr(address, "server_version", "10.11.19-MariaDB"),
			},
			{Config: config("10.11.18"), ExpectError: loose(`(?s)go back to MariaDB 10.11.18.*Declare version = "10.11.19"`)},
			{Config: config("10.11.21"), ExpectError: loose(`(?s)install MariaDB 10.11.21.*have 10.11.19, 10.11.18`)},
			{Config: config("10.11.19"), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		},
	})
}

// Machines that the same apply makes have no address yet.
func TestAPlanSaysThatUnknownMachinesJoin(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3", "n4", "n5")
	galeratest.Install(t, f.machines, galeratest.MariaDB())
	const address = "ha_galera_cluster.t"
	five := f.config(f.resource("ha_galera_cluster", "name = \"shop\"\nusers = { shop = { hosts = [\"10.0.0.0/24\"] } }\n"))
	made := regexp.MustCompile(`(n[45] = \{ host = )("[^"]*")(.*address = )("[^"]*")`).ReplaceAllString(five, "${1}terraform_data.made.output${3}coalesce(${4}, terraform_data.made.output)") +
		"resource \"terraform_data\" \"made\" { input = \"" + f.servers["n4"].Host() + "\" }\n"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: without("n5")(without("n4")(five))},
			{
				Config: made,
				ConfigPlanChecks: before(rollsOut(address,
					"n1 change none, n2 change none, n3 change none, n4 join full, n5 join full; 0 restarts, 3 of 3 members, quorum 3",
					"n4: it is not a node of the cluster yet")),
			},
		},
	})
}
