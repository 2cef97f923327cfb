package linodeprovider

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/linode/linodego"
)

func placementGroupResource() resource {
	return resource{
		behavior: behavior{
			defaults: map[string]any{"placement_group_policy": "strict"},
			replace:  []string{"region", "placement_group_type", "placement_group_policy"},
			volatile: []string{"is_compliant", "members"},
		},
		create: createPlacementGroup, read: readPlacementGroup, update: updatePlacementGroup,
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeletePlacementGroup(ctx, id)
		},
		importID: plainID,
	}
}

func createPlacementGroup(ctx context.Context, s *session, c change) (object, error) {
	p := c.planned
	group, err := s.CreatePlacementGroup(ctx, linodego.PlacementGroupCreateOptions{
		Label: p.str("label"), Region: p.str("region"),
		PlacementGroupType:   linodego.PlacementGroupType(p.str("placement_group_type")),
		PlacementGroupPolicy: linodego.PlacementGroupPolicy(p.str("placement_group_policy")),
	})
	if err != nil {
		return nil, err
	}
	return p.with(placementGroupAttributes(group)).with(object{"id": strconv.Itoa(group.ID)}), nil
}

func readPlacementGroup(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	group, err := s.GetPlacementGroup(ctx, id)
	if err != nil {
		return nil, err
	}
	return state.with(placementGroupAttributes(group)), nil
}

func placementGroupAttributes(g *linodego.PlacementGroup) object {
	return object{
		"label": g.Label, "region": g.Region, "placement_group_type": string(g.PlacementGroupType),
		"placement_group_policy": string(g.PlacementGroupPolicy), "is_compliant": g.IsCompliant,
		"members": mapped(g.Members, func(m linodego.PlacementGroupMember) object {
			return object{"linode_id": int64(m.LinodeID), "is_compliant": m.IsCompliant}
		}),
	}
}

func updatePlacementGroup(ctx context.Context, s *session, c change) (object, error) {
	id, err := c.prior.numericID()
	if err != nil {
		return nil, err
	}
	group, err := s.UpdatePlacementGroup(ctx, id, linodego.PlacementGroupUpdateOptions{Label: c.planned.str("label")})
	if err != nil {
		return nil, err
	}
	return c.planned.with(placementGroupAttributes(group)), nil
}

func placementAssignmentResource() resource {
	return resource{
		behavior: behavior{replace: []string{"placement_group_id", "linode_id"}},
		create:   createAssignment,
		read:     readAssignment,
		// compliant_only is all that can change in place, and the API only
		// hears of it when it assigns.
		update: func(_ context.Context, _ *session, c change) (object, error) { return c.planned, nil },
		delete: func(ctx context.Context, s *session, state object) error {
			_, err := s.UnassignPlacementGroupLinodes(ctx, state.integer("placement_group_id"),
				linodego.PlacementGroupUnAssignOptions{Linodes: []int{state.integer("linode_id")}})
			return err
		},
		importID: func(identifier string) (object, error) {
			numbers, err := splitNumbers(identifier, []string{"placement_group_id", "linode_id"})
			if err != nil {
				return nil, err
			}
			return object{
				"id": assignmentID(int(numbers[0]), int(numbers[1])), "placement_group_id": numbers[0], "linode_id": numbers[1],
			}, nil
		},
	}
}

// assignmentID has the form that the real provider's states have.
func assignmentID(group, linode int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"pg_id":%d,"linode_id":%d}`, group, linode))
}

func createAssignment(ctx context.Context, s *session, c change) (object, error) {
	group, linode := c.planned.integer("placement_group_id"), c.planned.integer("linode_id")
	_, err := s.AssignPlacementGroupLinodes(ctx, group, linodego.PlacementGroupAssignOptions{
		Linodes: []int{linode}, CompliantOnly: optional(c.planned, "compliant_only", c.planned.boolean),
	})
	if err != nil {
		return nil, err
	}
	return c.planned.with(object{"id": assignmentID(group, linode)}), nil
}

func readAssignment(ctx context.Context, s *session, state object) (object, error) {
	group, err := s.GetPlacementGroup(ctx, state.integer("placement_group_id"))
	if err != nil {
		return nil, err
	}
	for _, member := range group.Members {
		if member.LinodeID == state.integer("linode_id") {
			return state, nil
		}
	}
	return nil, fmt.Errorf("linode %d is not in placement group %d: %w", state.integer("linode_id"), group.ID, errRemoved)
}
