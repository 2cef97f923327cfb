package webtier

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// leaveUnit does nothing until it is stopped, which is before the servers are: visitors
// leave then. Changes of ours have drained the machine by then and know the balancer.
const leaveUnit = "terraform-ha-web-leave.service"

const (
	// longestLeave is how long a shutdown waits at most, in seconds: systemd ends one that takes
	// half an hour, and whoever waits for a reboot gives up before that.
	longestLeave = 300
	// leaveMargin is for what the program does beside waiting, in seconds.
	leaveMargin = 30
)

func (s Spec) leaveSeconds() int { return min(*s.DrainSeconds, longestLeave) }

func (s Spec) leaveProgram() string { return s.library() + "/leave" }

// leavePrograms are what the unit runs.
func leavePrograms(s Spec) []host.File {
	data := struct {
		Name, HealthPath, OKFile, DrainFile, DrainMark, MaintenanceFile, RollingFile, Connections string
		Port, Seconds                                                                             int
	}{s.Name, s.HealthPath, okFile, drainFile, drainMark, s.maintenanceFile(), s.rollingFile(), string(visitorsScript), s.Port, s.leaveSeconds()}
	return []host.File{rendered(s.leaveProgram(), "0755", "leave.tmpl", data)}
}

func leaveUnits(s Spec) []host.File {
	data := struct {
		Name, Library, Probe string
		Limit                int
	}{s.Name, s.library(), probeUnit, s.leaveSeconds() + leaveMargin}
	return []host.File{rendered(systemUnits+leaveUnit, "0644", "leave.service.tmpl", data)}
}

var awaitDepartureScript = shell.Embedded(scripts, "await-departure")

// AwaitDeparture waits until a load balancer has let go of a machine of a tier which it was
// told to forget: for quiet nobody came to it, also no health check, and no connection is
// open. It changes nothing, and waits for limit at most; forgotten is false if somebody still
// came then. A machine whose Apache does not run is left alone.
func AwaitDeparture(ctx context.Context, view host.View, name string, quiet, limit time.Duration) (forgotten bool, err error) {
	if limit == 0 {
		return true, nil
	}
	command := shell.Script(awaitDepartureScript, Spec{Name: name}.leaveProgram(), wholeSeconds(quiet), wholeSeconds(limit))
	_, err = view.Query(ctx, command.WithLimit(limit+time.Minute))
	if exit, failed := errors.AsType[*shell.ExitError](err); failed && exit.Status == 1 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot wait for visitors to leave %s: %w", view.Name(), err)
	}
	return true, nil
}

func wholeSeconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
