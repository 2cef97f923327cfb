package provider_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// planCheck is a check of a plan that is a function.
type planCheck func(req plancheck.CheckPlanRequest) error

func (c planCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = c(req)
}

// note does something while a plan is looked at.
func note(do func()) plancheck.PlanCheck {
	return planCheck(func(plancheck.CheckPlanRequest) error {
		do()
		return nil
	})
}

// drifted wants a plan that shows drift with this text becoming empty.
func drifted(address, want string) plancheck.PlanCheck {
	return planCheck(func(req plancheck.CheckPlanRequest) error {
		for _, change := range req.Plan.ResourceChanges {
			if change.Address != address {
				continue
			}
			before, after := driftOf(change.Change.Before), driftOf(change.Change.After)
			if !strings.Contains(before, want) || after != "map[]" {
				return fmt.Errorf("drift of %s is planned from %s to %s", address, before, after)
			}
			return nil
		}
		return fmt.Errorf("the plan does not know %s", address)
	})
}

func driftOf(value any) string {
	attributes, _ := value.(map[string]any)
	return fmt.Sprint(attributes["drift"])
}

// before runs plan checks before an apply.
func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// refreshed runs plan checks on the plan that follows a refresh.
func refreshed(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PostApplyPostRefresh: checks}
}

// look is a check of the machines.
func look(check func() error) resource.TestCheckFunc {
	return func(*terraform.State) error { return check() }
}
