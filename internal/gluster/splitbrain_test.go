package gluster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

const (
	pageID = "0d3e8a5c-9c1c-4b3e-8f0a-3a1d5c6b7e8f"
	logID  = "1d3e8a5c-9c1c-4b3e-8f0a-3a1d5c6b7e8f"
)

// split is a volume with two files of which every brick has another copy.
func split(t *testing.T) (host.Hosts, *glustertest.Pool) {
	t.Helper()
	hosts, sim := built(t)
	sim.Locked(func() {
		sim.Split[pageID] = &glustertest.SplitFile{Path: "/a/page.html", Copies: map[string]glustertest.SplitCopy{
			"files1": {Content: "first", Changed: 1_700_000_000}, "files2": {Content: "second and long", Changed: 1_700_000_200}, "files3": {Content: "third", Changed: 1_700_000_100},
		}}
		sim.Split[logID] = &glustertest.SplitFile{Copies: map[string]glustertest.SplitCopy{
			"files1": {Content: "long of files1", Changed: 1_700_000_000}, "files2": {Content: "2", Changed: 1_700_000_300}, "files3": {Content: "3", Changed: 1_700_000_300},
		}}
	})
	return hosts, sim
}

func deciding(word gluster.Decision) gluster.Spec {
	spec := content()
	spec.Decision = &word
	return spec
}

func pageBy(policy, source string) gluster.Decision {
	return gluster.Decision{Policy: policy, Source: source, Files: []string{"/a/page.html"}, Attempt: 1}
}

// TestFilesInSplitBrainAreTold says what the bricks have, and how to decide.
func TestFilesInSplitBrainAreTold(t *testing.T) {
	hosts, sim := split(t)
	status := gluster.Observe(t.Context(), hosts.Views(), content())
	if plan, err := gluster.Diff(content(), status); err != nil || !plan.Empty() {
		t.Errorf("the plan is %v, %v", plan.Titles(), err)
	}
	notices := strings.Join(gluster.Notices(content(), status), "\n")
	for _, want := range []string{
		"2 entries of brick 10.0.0.11:" + brickPath + " are in split brain",
		"  /a/page.html\n    files1: 5 bytes, changed 2023-11-14 22:13:20.000 UTC\n    files2: 15 bytes, changed 2023-11-14 22:16:40.000 UTC\n    files3: 5 bytes",
		"  gfid:" + logID + "\n    files1: 14 bytes",
		`split_brain = { policy = "latest-mtime", files = ["/a/page.html", "gfid:` + logID + `"], attempt = 1 }`,
	} {
		if !strings.Contains(notices, want) {
			t.Errorf("it is not said that %q:\n%s", want, notices)
		}
	}
	if problems := strings.Join(gluster.HealthOf(content(), status).Problems, "\n"); !strings.Contains(problems, "clients get errors for files in split brain: /a/page.html, gfid:"+logID) {
		t.Errorf("problems: %s", problems)
	}
	if len(sim.Split) != 2 {
		t.Error("a file was decided about")
	}
}

// TestADecisionIsAboutTheFilesThatItNames decides by each policy. The other file stays as
// it is, and so does everything that lost.
func TestADecisionIsAboutTheFilesThatItNames(t *testing.T) {
	for name, test := range map[string]struct {
		word gluster.Decision
		want string
	}{
		"the latest":          {pageBy(gluster.PolicyLatest, ""), "second and long"},
		"the biggest":         {pageBy(gluster.PolicyBiggest, ""), "second and long"},
		"that of a node":      {pageBy(gluster.PolicySource, "files3"), "third"},
		"by its identity":     {gluster.Decision{Policy: gluster.PolicySource, Source: "files1", Files: []string{"gfid:" + pageID}, Attempt: 3}, "first"},
		"as heal info has it": {gluster.Decision{Policy: gluster.PolicySource, Source: "files1", Files: []string{"<gfid:" + pageID + ">"}, Attempt: 3}, "first"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, sim := split(t)
			spec := deciding(test.word)
			if err := converge(t, hosts, spec); err != nil {
				t.Fatal(err)
			}
			decidedOnce(t, hosts, sim, spec, test.want)
		})
	}
}

// decidedOnce expects that the page is decided about, that what lost is kept, and that the
// same word does nothing more.
func decidedOnce(t *testing.T, hosts host.Hosts, sim *glustertest.Pool, spec gluster.Spec, want string) {
	t.Helper()
	if sim.Split[pageID] != nil || sim.Split[logID] == nil {
		t.Fatalf("in split brain: %v", sim.Split)
	}
	losers := map[string]string{"files1": "first", "files2": "second and long", "files3": "third"}
	for name, lost := range losers {
		if got := sim.Machines[name].Files[brickPath+"/a/page.html"].Content; got != want {
			t.Errorf("%s has %q", name, got)
		}
		kept := sim.Machines[name].Files[fmt.Sprintf("%s.split-brain/%d/a/page.html", brickPath, spec.Decision.Attempt)].Content
		if lost != want && kept != lost || lost == want && kept != "" {
			t.Errorf("%s keeps %q", name, kept)
		}
	}
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("the plan is %v, %v", plan.Titles(), err)
	}
	notices := strings.Join(gluster.Notices(spec, gluster.Observe(t.Context(), hosts.Views(), spec)), "\n")
	if !strings.Contains(notices, "are kept at "+brickPath+".split-brain/") || !strings.Contains(notices, fmt.Sprintf(`files = ["gfid:%s"], attempt = %d`, logID, spec.Decision.Attempt+1)) {
		t.Errorf("notices: %s", notices)
	}
	sim.Locked(func() {
		sim.Split[pageID] = &glustertest.SplitFile{Path: "/a/page.html", Copies: map[string]glustertest.SplitCopy{"files1": {Content: "x", Changed: 1}, "files2": {Content: "yy", Changed: 2}, "files3": {Content: "z"}}}
	})
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("a used word has the plan %v, %v", plan.Titles(), err)
	}
	sim.Locked(func() { delete(sim.Split, pageID) })
}

func TestADecisionMeetsAFaultAtEveryStep(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := split(t)
		spec := deciding(pageBy(gluster.PolicyLatest, ""))
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, spec)
		fault.Disarm()
		if err := converge(t, hosts, spec); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		decidedOnce(t, hosts, sim, spec, "second and long")
	})
}

// TestADecisionThatBreaksOffGoesOnWithItsChoice leaves copies behind that are half
// overwritten: they are the latest and the biggest now.
func TestADecisionThatBreaksOffGoesOnWithItsChoice(t *testing.T) {
	for _, policy := range []string{gluster.PolicyLatest, gluster.PolicyBiggest} {
		synctest.Test(t, func(t *testing.T) {
			hosts, sim := split(t)
			sim.Split[pageID].Breaks = 1
			spec := deciding(pageBy(policy, ""))
			if err := converge(t, hosts, spec); err == nil || !strings.Contains(err.Error(), "/a/page.html to be in split brain no more") {
				t.Fatalf("got %v", err)
			}
			later := pageBy(gluster.PolicySource, "files3")
			later.Attempt = 2
			if _, err := diff(t, hosts, deciding(later)); !strings.Contains(refusal(t, err).Error(), "attempt 1 has begun to overwrite the other copies of /a/page.html with that of files2") {
				t.Errorf("another copy: %v", err)
			}
			later.Attempt = 1
			if _, err := diff(t, hosts, deciding(later)); !strings.Contains(refusal(t, err).Error(), "use the number of a decision for another one") {
				t.Errorf("another copy with the same number: %v", err)
			}
			if err := converge(t, hosts, spec); err != nil {
				t.Fatal(err)
			}
			if got := sim.Machines["files1"].Files[brickPath+"/a/page.html"].Content; got != "second and long" {
				t.Errorf("%s: files1 has %q", policy, got)
			}
		})
	}
}

// TestADecisionRefuses leaves everything as it is.
func TestADecisionRefuses(t *testing.T) {
	ofLog := func(policy, source string) gluster.Decision {
		return gluster.Decision{Policy: policy, Source: source, Files: []string{"gfid:" + logID}, Attempt: 1}
	}
	for name, test := range map[string]struct {
		word gluster.Decision
		harm func(*glustertest.Pool)
		want string
	}{
		"two are the latest": {ofLog(gluster.PolicyLatest, ""), nil, "latest-mtime does not choose between the copies of gfid:" + logID + " on files2 and files3"},
		"two are the biggest": {ofLog(gluster.PolicyBiggest, ""), func(s *glustertest.Pool) {
			s.Split[logID].Copies["files2"] = glustertest.SplitCopy{Content: "long of files2"}
		}, "bigger-file does not choose between"},
		"a brick has no copy": {pageBy(gluster.PolicyLatest, ""), func(s *glustertest.Pool) { delete(s.Split[pageID].Copies, "files3") }, "files3 has no copy of /a/page.html"},
		"a directory": {pageBy(gluster.PolicyLatest, ""), func(s *glustertest.Pool) {
			for name := range s.Split[pageID].Copies {
				s.Split[pageID].Copies[name] = glustertest.SplitCopy{Directory: true}
			}
		}, "/a/page.html is no regular file"},
		"a brick is dead":     {pageBy(gluster.PolicyLatest, ""), func(s *glustertest.Pool) { s.Machines["files3"].Down = true }, "files3 does not answer"},
		"one file is unclear": {gluster.Decision{Policy: gluster.PolicyLatest, Files: []string{"/a/page.html", "gfid:" + logID}, Attempt: 1}, nil, "Nothing was done about any file"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, sim := split(t)
			if test.harm != nil {
				sim.Locked(func() { test.harm(sim) })
			}
			_, err := diff(t, hosts, deciding(test.word))
			if refused := refusal(t, err); !strings.Contains(refused.Error(), test.want) {
				t.Errorf("refused with %q", refused)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := convergeIn(ctx, hosts, deciding(test.word)); err == nil || len(sim.Split) != 2 {
				t.Errorf("it was decided: %v", err)
			}
		})
	}
}

// TestADecisionAboutWhatIsHealedIsDone has nothing to decide, and is used up.
func TestADecisionAboutWhatIsHealedIsDone(t *testing.T) {
	hosts, sim := built(t)
	spec := deciding(pageBy(gluster.PolicyLatest, ""))
	if notices := strings.Join(gluster.Notices(spec, gluster.Observe(t.Context(), hosts.Views(), spec)), "\n"); !strings.Contains(notices, "split_brain names /a/page.html, which are not in split brain") {
		t.Errorf("notices: %s", notices)
	}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	sim.Locked(func() {
		sim.Split[pageID] = &glustertest.SplitFile{Path: "/a/page.html", Copies: map[string]glustertest.SplitCopy{"files1": {Content: "x", Changed: 1}, "files2": {Content: "yy", Changed: 2}, "files3": {Content: "z"}}}
	})
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("the plan is %v, %v", plan.Titles(), err)
	}
}

// TestADecisionOfAnArbiter has one whose entry is the latest: it has no contents.
func TestADecisionOfAnArbiter(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3")
	spec := content()
	spec.Arbiter = 1
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	sim.Locked(func() {
		sim.Split[pageID] = &glustertest.SplitFile{Path: "/a/page.html", Copies: map[string]glustertest.SplitCopy{
			"files1": {Content: "first", Changed: 1_700_000_100}, "files2": {Content: "second", Changed: 1_700_000_000}, "files3": {Changed: 1_700_000_900},
		}}
	})
	word := pageBy(gluster.PolicySource, "files3")
	spec.Decision = &word
	if _, err := diff(t, hosts, spec); !strings.Contains(refusal(t, err).Error(), "files3 has no contents of /a/page.html, which are on files1 and files2") {
		t.Errorf("got %v", err)
	}
	word = pageBy(gluster.PolicyLatest, "")
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if got := sim.Machines["files2"].Files[brickPath+"/a/page.html"].Content; got != "first" {
		t.Errorf("files2 has %q", got)
	}
}

func TestDecisionsAreValidated(t *testing.T) {
	for want, word := range map[string]gluster.Decision{
		"split_brain/source_node: the policy source-brick needs":   {Policy: gluster.PolicySource, Files: []string{"/a"}, Attempt: 1},
		"split_brain/source_node: the policy latest-mtime chooses": {Policy: gluster.PolicyLatest, Source: "files1", Files: []string{"/a"}, Attempt: 1},
		"split_brain/source_node: \"nobody\" is not a key":         {Policy: gluster.PolicySource, Source: "nobody", Files: []string{"/a"}, Attempt: 1},
		"split_brain/files: a decision":                            {Policy: gluster.PolicyLatest, Files: []string{}, Attempt: 1},
		"split_brain/files: \"a/b\" is neither":                    {Policy: gluster.PolicyLatest, Files: []string{"a/b"}, Attempt: 1},
		"split_brain/attempt: attempts are counted":                {Policy: gluster.PolicyLatest, Files: []string{"/a"}},
	} {
		found := ""
		for _, problem := range deciding(word).Validate() {
			found += strings.Join(problem.Path, "/") + ": " + problem.Message + "\n"
		}
		if !strings.HasPrefix(found, want) {
			t.Errorf("problems %q, want %q", found, want)
		}
	}
}

// TestAKeptCopyIsNotOverwritten has one of a former volume with the same name and number.
func TestAKeptCopyIsNotOverwritten(t *testing.T) {
	hosts, sim := split(t)
	sim.Machines["files1"].WriteFile(brickPath+".split-brain/1/a/page.html", "of long ago")
	if err := converge(t, hosts, deciding(pageBy(gluster.PolicyLatest, ""))); err != nil {
		t.Fatal(err)
	}
	files := sim.Machines["files1"].Files
	if old, kept := files[brickPath+".split-brain/1/a/page.html"].Content, files[brickPath+".split-brain/1/a/page.html.2"].Content; old != "of long ago" || kept != "first" {
		t.Errorf("kept are %q and %q", old, kept)
	}
}

// TestAFileThatSplitsAgainTakesAnotherAttempt loses the connection while a second file is
// decided about; the first one has other contents then, of which nothing was chosen.
func TestAFileThatSplitsAgainTakesAnotherAttempt(t *testing.T) {
	hosts, sim := split(t)
	word := gluster.Decision{Policy: gluster.PolicySource, Source: "files1", Files: []string{"/a/page.html", "gfid:" + logID}, Attempt: 1}
	sim.Split[logID].Breaks = 1
	synctest.Test(t, func(t *testing.T) {
		if err := converge(t, hosts, deciding(word)); err == nil {
			t.Fatal("it did not break off")
		}
	})
	sim.Locked(func() {
		sim.Split[pageID] = &glustertest.SplitFile{Path: "/a/page.html", Copies: map[string]glustertest.SplitCopy{"files1": {Content: "x", Changed: 1}, "files2": {Content: "yy", Changed: 2}, "files3": {Content: "z"}}}
	})
	if err := converge(t, hosts, deciding(word)); err == nil || !strings.Contains(refusal(t, err).Error(), "attempt 1 has decided about /a/page.html, which is in split brain again: that takes a decision of its own, with attempt = 2") {
		t.Errorf("got %v", err)
	}
	if sim.Split[logID] != nil || sim.Split[pageID] == nil {
		t.Errorf("in split brain: %v", sim.Split)
	}
	word.Attempt, word.Source = 2, "files2"
	if err := converge(t, hosts, deciding(word)); err != nil {
		t.Fatal(err)
	}
	if got := sim.Machines["files1"].Files[brickPath+"/a/page.html"].Content; got != "yy" {
		t.Errorf("files1 has %q", got)
	}
}

// TestADirectoryBlocksNoFile has every policy leave it alone.
func TestADirectoryBlocksNoFile(t *testing.T) {
	for _, word := range []gluster.Decision{{Policy: gluster.PolicySource, Source: "files1"}, {Policy: gluster.PolicyBiggest}} {
		hosts, sim := split(t)
		for name := range sim.Split[pageID].Copies {
			sim.Split[pageID].Copies[name] = glustertest.SplitCopy{Directory: true}
		}
		word.Files, word.Attempt = []string{"/a/page.html", "gfid:" + logID}, 1
		for range 2 {
			if err := converge(t, hosts, deciding(word)); err == nil || !strings.Contains(refusal(t, err).Error(), "/a/page.html is no regular file on files1") {
				t.Errorf("got %v", err)
			}
		}
		if sim.Split[logID] != nil || sim.Split[pageID] == nil {
			t.Errorf("in split brain: %v", sim.Split)
		}
	}
}

// TestAFileThatABrickLacksBlocksNoOther is decided about once every brick has a copy, by the
// same decision.
func TestAFileThatABrickLacksBlocksNoOther(t *testing.T) {
	hosts, sim := split(t)
	copies := sim.Split[pageID].Copies
	third := copies["files3"]
	delete(copies, "files3")
	spec := deciding(gluster.Decision{Policy: gluster.PolicySource, Source: "files1", Files: []string{"/a/page.html", "gfid:" + logID}, Attempt: 1})
	for range 2 {
		if err := converge(t, hosts, spec); err == nil || !strings.Contains(refusal(t, err).Error(), "files3 has no copy of /a/page.html") {
			t.Errorf("got %v", err)
		}
	}
	if sim.Split[logID] != nil || sim.Split[pageID] == nil {
		t.Errorf("in split brain: %v", sim.Split)
	}
	sim.Locked(func() { copies["files3"] = third })
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if len(sim.Split) > 0 {
		t.Errorf("in split brain: %v", sim.Split)
	}
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("left: %v, %v", plan.Titles(), err)
	}
}

// TestAFileThatIsLockedIsNotHealed is for a moment in no list of those in split brain.
func TestAFileThatIsLockedIsNotHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := split(t)
		sim.Split[pageID].Locked = 3
		spec := deciding(pageBy(gluster.PolicyLatest, ""))
		_ = converge(t, hosts, spec)
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		decidedOnce(t, hosts, sim, spec, "second and long")
	})
}
