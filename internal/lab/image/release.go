package image

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// releaseVariable chooses the release of Debian that a lab's machines have.
const releaseVariable = "LAB_DEBIAN"

// Release is a release of Debian of which the lab makes machines.
type Release struct {
	// Number is its number, by which Linode names its images.
	Number string
	// Suite is its name in Debian's archive.
	Suite string
	// OpenSSL is the package of OpenSSL's library, which every machine has.
	OpenSSL string
	// PHP is the package of PHP's process manager.
	PHP string
	// further is a folder of the build inputs with what this release's machines have
	// besides the others'; empty for nothing.
	further string
}

// Releases are the releases of Debian of which the lab makes machines.
func Releases() []Release {
	return []Release{
		{Number: "12", Suite: "bookworm", OpenSSL: "libssl3", PHP: "php8.2-fpm"},
		{Number: "13", Suite: "trixie", OpenSSL: "libssl3t64", PHP: "php8.4-fpm", further: "build/machine-13"},
	}
}

// The releases that labs have where none is chosen: the default image of the modules. Debian 13
// is proved by "make test-debian-13".
const (
	siteRelease = "12"
	tierRelease = "12"
)

// SiteRelease is the release of a lab with the Linode API: what LAB_DEBIAN names, else
// that of the modules' default image.
func SiteRelease() (Release, error) { return chosen(siteRelease) }

// TierRelease is the release of machines that a test boots itself: what LAB_DEBIAN
// names, else that of the modules' default image.
func TierRelease() (Release, error) { return chosen(tierRelease) }

func chosen(number string) (Release, error) {
	if named := os.Getenv(releaseVariable); named != "" {
		number = named
	}
	release, err := ReleaseOf(number)
	if err != nil {
		return Release{}, fmt.Errorf("cannot obey %s: %w", releaseVariable, err)
	}
	return release, nil
}

// ReleaseOf returns the release with a number.
func ReleaseOf(number string) (Release, error) {
	all := Releases()
	if i := slices.IndexFunc(all, func(r Release) bool { return r.Number == number }); i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, release := range all {
		known = append(known, release.Number)
	}
	return Release{}, fmt.Errorf("the lab makes no machines of Debian %q: it knows %s", number, strings.Join(known, " and "))
}

// linodePrefix precedes a release's number in the identifier of Linode's image.
const linodePrefix = "linode/debian"

// Linode is the identifier of Linode's image of the release.
func (r Release) Linode() string { return linodePrefix + r.Number }

// ReleaseOfLinode returns the release that one of Linode's images has.
func ReleaseOfLinode(id string) (Release, error) {
	number, found := strings.CutPrefix(id, linodePrefix)
	if !found {
		return Release{}, fmt.Errorf("the lab boots only Debian, and no %q", id)
	}
	return ReleaseOf(number)
}

// machineInputs are the folders of which the release's machine image is built.
func (r Release) machineInputs() []string {
	folders := []string{"build/base", "build/machine"}
	if r.further != "" {
		folders = append(folders, r.further)
	}
	return folders
}

// archiveList lists the packages that a machine can install.
const archiveList = "archive.txt"

// archive is the release's list of packages that a machine can install.
func (r Release) archive() ([]byte, error) {
	packages, err := inputs.ReadFile("build/machine/" + archiveList)
	if err != nil || r.further == "" {
		return packages, err
	}
	further, err := inputs.ReadFile(r.further + "/" + archiveList)
	return append(packages, further...), err
}
