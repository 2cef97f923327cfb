package gluster

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// The files below testdata/xml are answers of glusterfs-server 10.3-5.
func answerOf(t *testing.T, name string) (cliOutput, error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "xml", name))
	if err != nil {
		t.Fatal(err)
	}
	return parseOutput(string(text))
}

func TestParsePeers(t *testing.T) {
	output, err := answerOf(t, "peer-disconnected.xml")
	if err != nil {
		t.Fatal(err)
	}
	want := []Peer{
		{UUID: "f935954c-e7ae-47e0-9f9c-3b6c4b661959", Names: []string{"10.231.0.12"}, Connected: true, State: 3, StateName: "Peer in Cluster"},
		{UUID: "ac7c74a4-7a39-4639-aa39-7077dc609a87", Names: []string{"10.231.0.13"}, State: 3, StateName: "Peer in Cluster"},
	}
	if diff := cmp.Diff(want, output.peers()); diff != "" {
		t.Errorf("peers (-want +got):\n%s", diff)
	}
}

func TestParseVolume(t *testing.T) {
	output, err := answerOf(t, "volume-info.xml")
	if err != nil || len(output.volumes()) != 1 {
		t.Fatalf("got %v, %v", output, err)
	}
	volume := output.volumes()[0]
	wantBrick := VolumeBrick{Name: "10.231.0.12:/srv/gluster/content/brick", HostUUID: "f935954c-e7ae-47e0-9f9c-3b6c4b661959"}
	if diff := cmp.Diff(wantBrick, volume.Bricks[1]); diff != "" {
		t.Errorf("brick (-want +got):\n%s", diff)
	}
	if volume.State != volumeStarted || volume.Replica != 3 || volume.ID != "35dc40b7-b3e0-4de5-89e4-6487695b6439" ||
		volume.Options["network.ping-timeout"] != "10" || len(volume.Options) != 21 {
		t.Errorf("got %+v", volume)
	}
}

func TestParseHeal(t *testing.T) {
	output, err := answerOf(t, "heal-brick-down.xml")
	if err != nil {
		t.Fatal(err)
	}
	heal := output.heal()
	if len(heal) != 3 || !heal[0].Connected || heal[2].Connected {
		t.Errorf("got %+v", heal)
	}
}

func TestVerdicts(t *testing.T) {
	tests := map[string]struct {
		text string
		busy bool
	}{
		"timed out":          {text: "Error : Request timed out\n"},
		"daemon is down":     {text: "Connection failed. Please check if gluster daemon is operational.\n"},
		"nothing":            {},
		"opRet 1":            {text: `<?xml version="1.0"?><cliOutput><opRet>1</opRet><opErrno>0</opErrno><opErrstr>hosts one or more bricks</opErrstr></cliOutput>`},
		"no opRet":           {text: `<?xml version="1.0"?><cliOutput></cliOutput>`},
		"locked":             {text: `<?xml version="1.0"?><cliOutput><opRet>-1</opRet><opErrstr>Another transaction is in progress for content. Please try again after some time.</opErrstr></cliOutput>`, busy: true},
		"volume that is not": {text: `<?xml version="1.0"?><cliOutput><opRet>-1</opRet><opErrno>30806</opErrno><opErrstr>Volume does not exist</opErrstr></cliOutput>`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parseOutput(test.text)
			var failed *CommandError
			if !errors.As(err, &failed) || failed.Busy() != test.busy {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := parseOutput(`<?xml version="1.0"?><cliOutput><opRet>0</opRet><opErrno>2</opErrno><opErrstr>already in peer list</opErrstr></cliOutput>`); err != nil {
		t.Errorf("opRet 0 with words is success, and gave %v", err)
	}
}

func TestSameValue(t *testing.T) {
	tests := []struct {
		key, a, b string
		want      bool
	}{
		{"a.b", "on", "enable", true}, {"a.b", "on", "off", false}, {"a.b", "on", "1", false},
		{"a.b", "256MB", "268435456", true}, {"a.b", "1GB", "1024MB", true}, {"a.b", "4", "5", false}, {"a.b", "auto", "none", false},
		{"auth.allow", "1.1.1.1,2.2.2.2", "2.2.2.2,1.1.1.1", true}, {"auth.allow", "1.1.1.1", "*", false},
	}
	for _, test := range tests {
		if got := sameValue(test.key, test.a, test.b); got != test.want {
			t.Errorf("%s: %s and %s: %t", test.key, test.a, test.b, got)
		}
	}
}

func TestHealthIsNeverFalseGreen(t *testing.T) {
	spec := Spec{Name: "v", BrickPath: "/b/b"}
	status := Status{Nodes: map[string]Node{}}
	for _, name := range []string{"a", "b", "c"} {
		spec.Nodes = append(spec.Nodes, memberNode(name))
	}
	fill := func(heal ...BrickHeal) {
		for _, name := range []string{"a", "b", "c"} {
			node := Node{UUID: name, AskedAsClient: true, Brick: Brick{Running: true, HealerRunning: true}, Heal: heal, Volumes: []Volume{{Name: "v", State: volumeStarted}}}
			for _, other := range []string{"a", "b", "c"} {
				if other != name {
					node.Peers = append(node.Peers, Peer{UUID: other, Connected: true, State: stateInCluster})
				}
			}
			status.Nodes[name] = node
		}
	}
	brick := func(name string) BrickHeal { return BrickHeal{Name: name + ":/b/b", Connected: true} }
	fill(brick("a"), brick("b"), brick("c"))
	if reason := Health(spec, status); reason != "" {
		t.Errorf("healthy, and %q", reason)
	}
	pending, split := brick("c"), brick("c")
	pending.Pending, split.SplitBrain = 1, 1
	for name, heal := range map[string][]BrickHeal{
		"a brick nobody counted":      {brick("a"), brick("b")},
		"a brick without a client":    {brick("a"), brick("b"), {Name: "c:/b/b"}},
		"something to heal":           {brick("a"), brick("b"), pending},
		"two truths about one file":   {brick("a"), brick("b"), split},
		"nothing counted, no failure": nil,
	} {
		if fill(heal...); Health(spec, status) == "" {
			t.Errorf("%s is taken for health", name)
		}
	}
}

func TestCreateWords(t *testing.T) {
	tests := map[string]struct {
		spec   Spec
		onRoot bool
		want   []string
	}{
		"replicate": {Spec{}, false, []string{"volume", "create", "v", "replica", "3", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b"}},
		"arbiter":   {Spec{Type: Arbiter}, false, []string{"volume", "create", "v", "replica", "3", "arbiter", "1", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b"}},
		"disperse":  {Spec{Type: Disperse}, true, []string{"volume", "create", "v", "disperse", "3", "redundancy", "1", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b"}},
		"on root":   {Spec{AllowRootPartition: true}, true, []string{"volume", "create", "v", "replica", "3", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b", "force"}},
		"allowed, not on root": {Spec{AllowRootPartition: true}, false,
			[]string{"volume", "create", "v", "replica", "3", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := test.spec
			spec.Name, spec.BrickPath = "v", "/b/b"
			for _, node := range []string{"a", "b", "c"} {
				spec.Nodes = append(spec.Nodes, memberNode(node))
			}
			if diff := cmp.Diff(test.want, spec.Defaulted().createWords(test.onRoot)); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSets(t *testing.T) {
	if !cmp.Equal(sets([]string{"a", "b", "c", "d", "e", "f"}, 3, 0), sets([]string{"f", "d", "e", "c", "b", "a"}, 3, 0)) {
		t.Error("equal sets in another order differ")
	}
	if cmp.Equal(sets([]string{"a", "b", "c"}, 3, 1), sets([]string{"a", "c", "b"}, 3, 1)) {
		t.Error("another arbiter is not seen")
	}
}

func FuzzParseOutput(f *testing.F) {
	for _, name := range []string{"peer-status.xml", "volume-info.xml", "heal-brick-down.xml", "volume-absent.xml"} {
		text, err := os.ReadFile(filepath.Join("testdata", "xml", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		output, err := parseOutput(text)
		if err == nil && (output.Ret == nil || *output.Ret != 0) {
			t.Error("success without opRet 0")
		}
		output.peers()
		output.volumes()
		output.heal()
		parseBrick(text)
	})
}

func memberNode(name string) host.Node { return host.Node{Name: name, Address: name} }
