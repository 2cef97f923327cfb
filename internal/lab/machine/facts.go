package machine

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
)

// attachedVLAN is a VLAN together with the engine's subnet for it.
type attachedVLAN struct {
	VLAN
	subnet netip.Prefix
}

// bootFacts is the file from which the image's boot script makes a machine's
// network and disks; the script names its lines.
func bootFacts(s MachineSpec, gateway netip.Addr, vlans []attachedVLAN, dns []string) string {
	var facts strings.Builder
	fmt.Fprintf(&facts, "public %s %s\n", s.PublicIPv4, gateway)
	if s.PrivateIPv4 != "" {
		fmt.Fprintf(&facts, "private %s/%d\n", s.PrivateIPv4, privateNetwork.Bits())
	}
	for number, vlan := range vlans {
		fmt.Fprintln(&facts, strings.TrimSpace(fmt.Sprintf("vlan eth%d %s %s", number+1, vlan.subnet, vlan.Address)))
	}
	for _, disk := range s.Disks {
		fmt.Fprintf(&facts, "disk %s %d\n", disk.Path, disk.Bytes)
	}
	for _, server := range dns {
		fmt.Fprintf(&facts, "dns %s\n", server)
	}
	return facts.String()
}

// ownAddresses are the IPv4 addresses, without prefix lengths, in boot facts.
func ownAddresses(facts string) []string {
	places := map[string]int{"public": 1, "private": 1, "vlan": 3}
	var own []string
	for line := range strings.Lines(facts) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if at, found := places[fields[0]]; found && at < len(fields) {
			address, _, _ := strings.Cut(fields[at], "/")
			own = append(own, address)
		}
	}
	return own
}

// file is one file that is written into a container.
type file struct {
	name    string
	mode    int64
	content []byte
}

// firstFiles are what a new machine gets besides its boot facts.
func firstFiles(s MachineSpec) []file {
	var files []file
	if len(s.AuthorizedKeys) > 0 {
		keys := strings.Join(s.AuthorizedKeys, "\n") + "\n"
		files = append(files, file{"root/.ssh/authorized_keys", 0o600, []byte(keys)})
	}
	if s.RootPassword != "" {
		files = append(files, file{"etc/lab/root-password", 0o600, []byte("root:" + s.RootPassword + "\n")})
	}
	for _, name := range slices.Sorted(maps.Keys(s.HostKeys)) {
		mode := int64(0o600)
		if strings.HasSuffix(name, ".pub") {
			mode = 0o644
		}
		files = append(files, file{"etc/ssh/" + name, mode, []byte(s.HostKeys[name])})
	}
	return files
}

// folderModes are of folders that are closed to others; a folder that exists gets
// the mode of the archive, so both have to agree.
var folderModes = map[string]int64{"root": 0o700, "root/.ssh": 0o700}

// archive returns files as the tar stream that "docker cp" unpacks at /.
func archive(files []file) ([]byte, error) {
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	for _, folder := range foldersOf(files) {
		mode, found := folderModes[folder]
		if !found {
			mode = 0o755
		}
		if err := writer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: mode}); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		if err := writer.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content))}); err != nil {
			return nil, err
		}
		if _, err := writer.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func foldersOf(files []file) []string {
	var folders []string
	for _, f := range files {
		for folder := path.Dir(f.name); folder != "."; folder = path.Dir(folder) {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}
