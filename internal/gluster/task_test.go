package gluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func taskOf(t *testing.T, file string) task {
	t.Helper()
	output, err := answerOf(t, file)
	if err != nil {
		t.Fatal(err)
	}
	if output.Removal.ID != "" {
		return output.Removal.task()
	}
	return output.Rebalance.task()
}

// TestTasksOfARealDaemon reads what a rebalance and a removal answered that had ended.
func TestTasksOfARealDaemon(t *testing.T) {
	for file, test := range map[string]struct {
		nodes    int
		progress string
	}{
		"rebalance-status.xml":    {6, "26 files (507.8 KiB) moved, 183 looked at, 0 failed"},
		"remove-brick-status.xml": {3, "26 files (507.8 KiB) moved, 76 looked at, 0 failed"},
	} {
		t.Run(file, func(t *testing.T) {
			got := taskOf(t, file)
			if got.id == "" || got.running() || len(got.nodes) != test.nodes {
				t.Errorf("got %+v", got)
			}
			if diff := cmp.Diff(test.progress, got.progress()); diff != "" {
				t.Errorf("progress (-want +got):\n%s", diff)
			}
			identities := map[string]string{}
			for _, node := range got.nodes {
				identities[node.Name] = node.UUID
			}
			if evidence := got.complete(identities); len(evidence) > 0 {
				t.Errorf("not complete: %v", evidence)
			}
			identities["files9"] = "another"
			if evidence := got.complete(identities); len(evidence) != 1 || evidence[0] != "nothing is known of files9" {
				t.Errorf("a machine that is missing: %v", evidence)
			}
		})
	}
}

// TestATaskIsNotCompleteEarly has every way in which files may be left.
func TestATaskIsNotCompleteEarly(t *testing.T) {
	done := taskNode{Name: "a", UUID: "a", State: taskCompleted, Words: "completed"}
	for name, test := range map[string]struct {
		node, total taskNode
		want        string
	}{
		"failures":  {taskNode{UUID: "a", State: taskCompleted, Failures: 2}, done, "2 files could not be moved on a"},
		"failed":    {taskNode{UUID: "a", State: 4, Words: "failed"}, done, "it is failed on a"},
		"stopped":   {taskNode{UUID: "a", State: 2, Words: "stopped"}, done, "it is stopped on a"},
		"the total": {done, taskNode{State: 4, Words: "failed"}, "it is failed, and 0 files could not be moved"},
	} {
		t.Run(name, func(t *testing.T) {
			evidence := strings.Join(task{id: "x", nodes: []taskNode{test.node}, total: test.total}.complete(map[string]string{"a": "a"}), "; ")
			if !strings.HasPrefix(evidence, test.want) {
				t.Errorf("got %q", evidence)
			}
		})
	}
}
