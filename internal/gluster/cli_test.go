package gluster

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		(&Brick{}).read(text)
	})
}
