package galera

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseData(t *testing.T) {
	var got NodeStatus
	got.parseData(captured(t, "mariadb-data"))
	want := NodeStatus{
		Schemas: []string{"wordpress"}, SavedView: true, View: "3 32a277f2-e6c1-11f1-abd3-aed373947a64 19", ViewMembers: 3,
		Saved: Position{UUID: "79151980-e6bb-11f1-8ff9-7e455ffa2284", Seqno: -1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	tests := map[string]NodeStatus{
		"": {Saved: Position{Seqno: -1}},
		"schema lost+found\nschema #innodb_redo\nschema mysql\nschema .cache\n": {Saved: Position{Seqno: -1}},
		"uuid " + NoHistory + "\nseqno -1\nsafe_to_bootstrap 1\n":               {Saved: Position{UUID: NoHistory, Seqno: -1, SafeToBootstrap: true}},
		"uuid u\nseqno 358\nsafe_to_bootstrap 1\n":                              {Saved: Position{UUID: "u", Seqno: 358, SafeToBootstrap: true}},
		"schema my shop\n": {Saved: Position{Seqno: -1}, Schemas: []string{"my shop"}},
	}
	for out, want := range tests {
		var got NodeStatus
		got.parseData(out)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", out, diff)
		}
	}
}
