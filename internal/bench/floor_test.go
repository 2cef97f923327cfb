package bench

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

//go:embed testdata/floor/*.sh
var floorScripts embed.FS

// floor is what a person with nine root shells would do who makes no mistake:
// the site's packages, configuration and joins, everything at once that does
// not need something else first, and no look at anything that is not needed to
// go on.
type floor struct {
	bench
	region *machine.Region
	begun  time.Time
}

const floorLab = "bench-floor"

// The packages are those of the tiers, in one call for each machine.
var (
	filePackages     = []string{"glusterfs-server", "attr"}
	databasePackages = []string{"galera-4", "mariadb-backup", "mariadb-server", "socat", "keepalived", "nftables"}
	webPackages      = []string{"apache2", "curl", "glusterfs-client", "php-fpm", "php-cli", "php-mysql", "php-gd",
		"php-xml", "php-curl", "php-mbstring", "php-zip", "php-intl"}
)

// Numbers and addresses in the VLAN of the nine machines.
const (
	firstFile     = 21
	firstDatabase = 41
	firstWeb      = 61
	perTier       = 3
)

func address(number int) string { return fmt.Sprintf("10.0.0.%d", number) }

func addresses(first int) []string {
	var all []string
	for number := first; number < first+perTier; number++ {
		all = append(all, address(number))
	}
	return all
}

// lane is work that may run beside other work.
type lane func(ctx context.Context) error

// together runs lanes at the same time and stops them all when one fails.
func together(ctx context.Context, lanes ...lane) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wait sync.WaitGroup
	errs := make([]error, len(lanes))
	for i, lane := range lanes {
		wait.Go(func() {
			if errs[i] = lane(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// after runs lanes one after the other.
func after(lanes ...lane) lane {
	return func(ctx context.Context) error {
		for _, lane := range lanes {
			if err := lane(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// event is something that lanes wait for.
type event chan struct{}

func (e event) wait(ctx context.Context) error {
	select {
	case <-e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e event) happen(context.Context) error {
	close(e)
	return nil
}

// boot makes the nine machines.
func (f *floor) boot(ctx context.Context) error {
	client := docker.CLI{}
	// The same as the site's, with which it is compared.
	release, err := image.SiteRelease()
	if err != nil {
		return err
	}
	images, err := image.Ensure(ctx, client, release, f.progress)
	if err == nil {
		err = machine.Down(ctx, client, floorLab)
	}
	if err == nil {
		f.region, err = machine.Up(ctx, client, machine.Config{Name: floorLab, Images: images})
	}
	if err != nil {
		return err
	}
	var lanes []lane
	for _, tier := range []struct {
		name  string
		first int
	}{{"files", firstFile}, {"db", firstDatabase}, {"web", firstWeb}} {
		for number := tier.first; number < tier.first+perTier; number++ {
			public, err := f.region.FreePublicIPv4(ctx)
			if err != nil {
				return err
			}
			lanes = append(lanes, func(ctx context.Context) error {
				return f.region.CreateMachine(ctx, machine.MachineSpec{
					ID: number, Label: fmt.Sprintf("%s%d", tier.name, number-tier.first+1), PublicIPv4: public,
					VLANs: []machine.VLAN{{Label: "floor", Address: address(number) + "/24"}}, Boot: true,
				})
			})
		}
	}
	return together(ctx, lanes...)
}

// run runs a script of testdata/floor on one machine.
func (f *floor) run(number int, script string, args ...string) lane {
	return func(ctx context.Context) error {
		text, err := floorScripts.ReadFile(path.Join("testdata/floor", script+".sh"))
		if err != nil {
			return err
		}
		if _, err := f.region.Exec(ctx, number, append([]string{"sh", "-c", string(text), script}, args...), nil); err != nil {
			return fmt.Errorf("cannot run %s on machine %d: %w", script, number, err)
		}
		f.say("floor: %5.1fs %s on %s", time.Since(f.begun).Seconds(), script, address(number))
		return nil
	}
}

// build does all of it.
func (f *floor) build(ctx context.Context) error {
	f.begun = time.Now()
	volume := make(event)
	return together(ctx, f.files(volume), f.databases(), f.web(volume))
}

func (f *floor) files(volume event) lane {
	return func(ctx context.Context) error {
		var servers []lane
		for number := firstFile; number < firstFile+perTier; number++ {
			servers = append(servers, after(
				f.run(number, "install", append([]string{"glusterd"}, filePackages...)...),
				f.run(number, "files")))
		}
		if err := together(ctx, servers...); err != nil {
			return err
		}
		allowed := strings.Join(append(addresses(firstFile), addresses(firstWeb)...), ",")
		return after(f.run(firstFile, "volume", append(addresses(firstFile), allowed)...), volume.happen)(ctx)
	}
}

// databases join one at a time; each is prepared as soon as it can be.
func (f *floor) databases() lane {
	return func(ctx context.Context) error {
		start := "galera_new_cluster"
		before := make(event)
		close(before)
		var lanes []lane
		for number := firstDatabase; number < firstDatabase+perTier; number++ {
			var peers []string
			for _, other := range addresses(firstDatabase) {
				if other != address(number) {
					peers = append(peers, other)
				}
			}
			member := make(event)
			lanes = append(lanes, after(
				f.run(number, "install", append([]string{"mariadb keepalived"}, databasePackages...)...),
				f.run(number, "database", fmt.Sprintf("db%d", number), address(number), fmt.Sprint(200-number),
					strings.Join(addresses(firstDatabase), ","), peers[0], peers[1], address(10)+"/24"),
				before.wait,
				f.run(number, "member", start),
				member.happen))
			before, start = member, "systemctl start mariadb"
		}
		return together(ctx, lanes...)
	}
}

func (f *floor) web(volume event) lane {
	return func(ctx context.Context) error {
		var lanes []lane
		for number := firstWeb; number < firstWeb+perTier; number++ {
			lanes = append(lanes, after(
				f.run(number, "install", append([]string{"apache2"}, webPackages...)...),
				f.run(number, "web", addresses(firstFile)...),
				volume.wait,
				f.run(number, "serve")))
		}
		return together(ctx, lanes...)
	}
}

// check fails if what was timed is not what the site would be: a floor that
// stands on nothing is no measure.
func (f *floor) check(ctx context.Context) error {
	for _, look := range []struct {
		number int
		script string
	}{
		{firstDatabase, `[ "$(mariadb -N -B -e "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'" | cut -f2)" = 3 ]`},
		{firstWeb, `echo '<?php echo "from ", "php";' >/srv/www/site/index.php`},
		{firstWeb + 1, `for i in $(seq 50); do [ "$(curl -s http://127.0.0.1/)" = 'from php' ] && exit 0; sleep 0.2; done
{ curl -si http://127.0.0.1/ | head -n 20; ls -la /srv/www/site; tail -n 5 /var/log/apache2/error.log; } >&2; exit 1`},
		{firstWeb + 2, `for i in $(seq 50); do curl -sf http://127.0.0.1/healthz && exit 0; sleep 0.1; done; exit 1`},
	} {
		if _, err := f.region.Exec(ctx, look.number, []string{"sh", "-c", look.script}, nil); err != nil {
			return fmt.Errorf("the floor is not what it should be: %w", err)
		}
	}
	return f.checkHolder(ctx)
}

// checkHolder looks for the floating IP, which any database may have got.
func (f *floor) checkHolder(ctx context.Context) error {
	const wait = `for i in $(seq 150); do ip -o addr show | grep -qF ' 10.0.0.10/24 ' && echo yes && exit 0; sleep 0.2; done
journalctl --no-pager --lines=20 --output=cat --unit=keepalived; sudo -u keepalived_script /usr/local/lib/floor/check; echo "check: $?"`
	answers := make([]string, perTier)
	var looks []lane
	for i := range perTier {
		looks = append(looks, func(ctx context.Context) error {
			out, err := f.region.Exec(ctx, firstDatabase+i, []string{"sh", "-c", wait}, nil)
			answers[i] = strings.TrimSpace(string(out))
			return err
		})
	}
	if err := together(ctx, looks...); err != nil {
		return err
	}
	if !slices.Contains(answers, "yes") {
		return fmt.Errorf("no database of the floor has the floating IP: %q", answers)
	}
	return nil
}
