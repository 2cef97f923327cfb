package image

import (
	"strings"
	"testing"
)

func TestReleases(t *testing.T) {
	hashes := map[string]string{}
	for _, release := range Releases() {
		for _, found := range []func() (Release, error){
			func() (Release, error) { return ReleaseOf(release.Number) },
			func() (Release, error) { return ReleaseOfLinode(release.Linode()) },
		} {
			if got, err := found(); got != release || err != nil {
				t.Errorf("%s: %+v, %v", release.Number, got, err)
			}
		}
		p, err := (&builder{release: release}).plan()
		if other := hashes[p.machine]; err != nil || other != "" {
			t.Errorf("%s has the image of %s, %v", release.Number, other, err)
		}
		hashes[p.machine] = release.Number
		packages, err := release.archive()
		if err != nil || !strings.Contains(string(packages), "\nmariadb-server\n") {
			t.Errorf("%s: archive %q, %v", release.Number, packages, err)
		}
	}
	for _, unknown := range []string{"linode/debian11", "linode/ubuntu24.04", "debian12"} {
		if _, err := ReleaseOfLinode(unknown); err == nil {
			t.Errorf("%s has a release", unknown)
		}
	}
}

func TestARecentThemeIsInTheArchiveOfDebian13(t *testing.T) {
	release, err := ReleaseOf("13")
	if err != nil {
		t.Fatal(err)
	}
	packages, err := release.archive()
	if err != nil || !strings.Contains(string(packages), "\nwordpress-theme-twentytwentyfive\n") {
		t.Errorf("%q, %v", packages, err)
	}
}

func TestChosenRelease(t *testing.T) {
	for _, choose := range []func() (Release, error){SiteRelease, TierRelease} {
		t.Setenv(releaseVariable, "")
		if _, err := choose(); err != nil {
			t.Error(err)
		}
		t.Setenv(releaseVariable, "13")
		if release, err := choose(); release.Suite != "trixie" || err != nil {
			t.Errorf("%+v, %v", release, err)
		}
		t.Setenv(releaseVariable, "11")
		if _, err := choose(); err == nil || !strings.Contains(err.Error(), `LAB_DEBIAN: the lab makes no machines of Debian "11": it knows 12 and 13`) {
			t.Error(err)
		}
	}
}
