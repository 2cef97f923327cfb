package gluster_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// fileNames are so many files.
func fileNames(count int) []string {
	var files []string
	for i := range count {
		files = append(files, fmt.Sprintf("photo%d.jpg", i))
	}
	return files
}

// servers are nodes files1, files2 and so on.
func servers(count int) []host.Node {
	var list []host.Node
	for i := range count {
		list = append(list, host.Node{Name: fmt.Sprintf("files%d", i+1), Address: fmt.Sprintf("10.0.0.%d", 11+i)})
	}
	return list
}

// volumeOf is a volume on the first machines of a test that has more of them.
func volumeOf(t *testing.T, machines, nodes int, more func(*gluster.Spec)) (host.Hosts, *glustertest.Pool, gluster.Spec) {
	t.Helper()
	var all []string
	for _, node := range servers(machines) {
		all = append(all, node.Name)
	}
	hosts, sim := newPool(t, all...)
	spec := declared()
	spec.Nodes = servers(nodes)
	if more != nil {
		more(&spec)
	}
	spec = spec.Defaulted()
	before := host.Hosts{}
	for _, node := range spec.Nodes {
		before[node.Name] = hosts[node.Name]
	}
	if err := converge(t, before, spec); err != nil {
		t.Fatal(err)
	}
	spec.VolumeID = glustertest.VolumeID
	sim.Locked(func() { sim.Write("content", fileNames(12)...) })
	return hosts, sim, spec
}

// changed expects that nothing is left to be done, that the volume is wholly healthy, and
// that it has these bricks.
func changed(t *testing.T, hosts host.Hosts, sim *glustertest.Pool, spec gluster.Spec) {
	t.Helper()
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("the plan is %v, %v", plan.Titles(), err)
	}
	after := spec
	after.Leaving = nil
	for _, gone := range spec.Leaving {
		hosts = without(hosts, gone.Name)
	}
	if health := gluster.HealthOf(after, gluster.Observe(t.Context(), hosts.Views(), after)); !health.Healthy() {
		t.Error(health.Problems)
	}
	if err := gluster.Verify(t.Context(), hosts.Views(), after); err != nil {
		t.Error(err)
	}
	var want []string
	for _, node := range spec.Nodes {
		want = append(want, node.Address+":"+brickPath)
	}
	sim.Locked(func() {
		if got := sim.Volumes["content"].Bricks; !cmp.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))) {
			t.Errorf("the bricks are %v", got)
		}
		for file := range sim.Acknowledged {
			if copies := sim.Copies("content", file); copies < 3 {
				t.Errorf("%s has %d copies", file, copies)
			}
		}
	})
}

func without(hosts host.Hosts, name string) host.Hosts {
	kept := host.Hosts{}
	for other, h := range hosts {
		if other != name {
			kept[other] = h
		}
	}
	return kept
}

func TestAVolumeGrows(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim, spec := volumeOf(t, 6, 3, nil)
		spec.Nodes = servers(6)
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, spec)
		fault.Disarm()
		if err := converge(t, hosts, spec); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		changed(t, hosts, sim, spec)
		if allow := sim.Volumes["content"].Options["auth.allow"]; !strings.Contains(allow, "10.0.0.16") {
			t.Errorf("may mount: %s", allow)
		}
		if files := sim.On("files4", brickPath); len(files) == 0 || len(files) == 12 {
			t.Errorf("files4 has %v", files)
		}
		if marker := sim.Machines["files1"].Files["/var/lib/terraform-ha/gluster-content.json"].Content; strings.Contains(marker, "spread") {
			t.Errorf("the marker is %s", marker)
		}
	})
}

// TestEveryTypeGrows has sets with an arbiter, and dispersed ones.
func TestEveryTypeGrows(t *testing.T) {
	for name, more := range map[string]func(*gluster.Spec){
		"arbiter":   func(s *gluster.Spec) { s.Arbiter = 1 },
		"dispersed": func(s *gluster.Spec) { s.Disperse = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 6, 3, more)
				spec.Nodes = servers(6)
				if err := converge(t, hosts, spec); err != nil {
					t.Fatal(err)
				}
				changed(t, hosts, sim, spec)
			})
		})
	}
}

// TestFilesThatAreDeletedOnTheirWay count as failures of one pass, and not of the next.
func TestFilesThatAreDeletedOnTheirWay(t *testing.T) {
	for name, nodes := range map[string]int{"spread": 6, "moved off": 3} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 6, 9-nodes, nil)
				if nodes == 6 {
					spec.Nodes = servers(6)
				} else {
					spec = shrunk(spec, 3)
				}
				sim.Locked(func() { sim.Task.FailNext = 2 })
				if err := converge(t, hosts, spec); err != nil {
					t.Fatal(err)
				}
				changed(t, hosts, sim, spec)
				if sim.Task.Number != 2 {
					t.Errorf("files were moved in %d passes", sim.Task.Number)
				}
			})
		})
	}
}

// TestASpreadThatFails is named, and begins again with the next apply.
func TestASpreadThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := volumeOf(t, 6, 3, nil)
		spec.Nodes = servers(6)
		sim.Locked(func() { sim.Task.FailEach = 2 })
		err := converge(t, hosts, spec)
		if err == nil || !strings.Contains(err.Error(), "2 files could not be moved on files1") {
			t.Fatalf("got %v", err)
		}
		plan, err := diff(t, hosts, spec)
		if why := plan.Drift()["cluster"]; err != nil || !slices.Contains(why, "files are not spread over the new sets yet") {
			t.Errorf("the plan is %v, %v", plan.Drift(), err)
		}
		sim.Locked(func() { sim.Task.FailEach = 0 })
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		changed(t, hosts, sim, spec)
	})
}

// TestGrowthWaitsForAWholeVolume and for machines that can take a brick.
func TestGrowthWaitsForAWholeVolume(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(*glustertest.Pool)
		want   string
	}{
		"a server is away":     {func(s *glustertest.Pool) { s.Machines["files2"].Down = true }, "files2 does not answer"},
		"split brain":          {func(s *glustertest.Pool) { s.Nodes["files2"].SplitBrain = 1 }, "in split brain"},
		"a new one is away":    {func(s *glustertest.Pool) { s.Machines["files5"].Down = true }, "files5 does not answer"},
		"a directory was used": {func(s *glustertest.Pool) { s.Machines["files6"].WriteFile(brickPath+"/x", "x") }, "it holds data"},
		"files get lost": {func(s *glustertest.Pool) {
			for _, m := range s.Machines {
				if m.Packages["glusterfs-server"] != "" {
					m.Packages["glusterfs-server"] = "11.0-1"
				}
				server := m.Catalog["glusterfs-server"]
				server.Version = "11.0-1"
				m.Catalog["glusterfs-server"] = server
			}
		}, "can lose files"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim, spec := volumeOf(t, 6, 3, nil)
				spec.Nodes = servers(6)
				sim.Locked(func() { test.damage(sim) })
				refused := refusal(t, converge(t, hosts, spec))
				if !strings.Contains(refused.Error(), test.want) {
					t.Errorf("refused with %q", refused)
				}
				if bricks := sim.Volumes["content"].Bricks; len(bricks) != 3 {
					t.Errorf("the bricks are %v", bricks)
				}
			})
		})
	}
}

// TestFilesMoveOnlyWhereClientsLookEverywhere has the option that undoes it declared, and
// set by hand.
func TestFilesMoveOnlyWhereClientsLookEverywhere(t *testing.T) {
	for _, value := range []string{"off", "auto"} {
		for name, set := range map[string]func(*gluster.Spec, *glustertest.Pool){
			"declared": func(s *gluster.Spec, _ *glustertest.Pool) {
				s.Options = map[string]string{"cluster.lookup-unhashed": value}
			},
			"by hand": func(_ *gluster.Spec, p *glustertest.Pool) {
				p.Volumes["content"].Options["cluster.lookup-unhashed"] = value
			},
		} {
			t.Run(name+" "+value, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					hosts, sim, spec := volumeOf(t, 6, 3, nil)
					spec.Nodes = servers(6)
					set(&spec, sim)
					refused := refusal(t, converge(t, hosts, spec))
					if !strings.Contains(refused.Error(), "option cluster.lookup-unhashed is "+value) {
						t.Errorf("refused with %q", refused)
					}
					if bricks := sim.Volumes["content"].Bricks; len(bricks) != 3 {
						t.Errorf("the bricks are %v", bricks)
					}
				})
			})
		}
	}
}
