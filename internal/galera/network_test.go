package galera

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTimesFollowFromTheNetwork(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Spec)
		want   string
	}{
		"a LAN is the default":           {func(*Spec) {}, "PT1.5S"},
		"the library's own in a WAN":     {func(s *Spec) { s.Network = WAN }, ""},
		"chosen":                         {func(s *Spec) { s.ProviderOptions = map[string]string{"evs.suspect_timeout": "PT7S"} }, "PT7S"},
		"another time chosen":            {func(s *Spec) { s.ProviderOptions = map[string]string{"evs.install_timeout": "PT7S"} }, ""},
		"another option has no such say": {func(s *Spec) { s.ProviderOptions = map[string]string{"evs.send_window": "8"} }, "PT1.5S"},
	} {
		spec := shop(MariaDB)
		test.change(&spec)
		if got := spec.Defaulted().libraryOptions()["evs.suspect_timeout"]; got != test.want {
			t.Errorf("%s: evs.suspect_timeout is %q instead of %q", name, got, test.want)
		}
	}
}

// TestTheLibraryAcceptsTheTimes has the ranges of gcomm/src/evs_proto.cpp.
func TestTheLibraryAcceptsTheTimes(t *testing.T) {
	read := map[string]time.Duration{}
	for name, value := range lanTimes {
		duration, err := time.ParseDuration(value[2:len(value)-1] + "s")
		if err != nil {
			t.Fatal(err)
		}
		read[name] = duration
	}
	suspect, inactive := read["evs.suspect_timeout"], read["evs.inactive_timeout"]
	if read["evs.keepalive_period"] > suspect/3 || read["evs.inactive_check_period"] > suspect/2 || inactive/2 < read["evs.keepalive_period"] || inactive < suspect {
		t.Errorf("the library does not start with %v", read)
	}
}

// TestAnArbitratorHasTheTimesOfItsGroup: garbd has no configuration of the server.
func TestAnArbitratorHasTheTimesOfItsGroup(t *testing.T) {
	spec := shop(MariaDB)
	want := ` --options "evs.inactive_check_period=PT0.25S; evs.inactive_timeout=PT4S; evs.join_retrans_period=PT0.2S; evs.keepalive_period=PT0.3S; evs.suspect_timeout=PT1.5S"`
	if diff := cmp.Diff(want, arbitratorOptions(spec.Defaulted())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	spec.Network = WAN
	if got := arbitratorOptions(spec.Defaulted()); got != "" {
		t.Errorf("in a WAN: %s", got)
	}
}
