package webtier

import (
	"fmt"
	"path"
	"strings"
)

// sessions is the directory of the sessions that all nodes share. Its parent is
// root's, so that the site's own user can change what lies in it and not what it is.
func (s Spec) sessions() string {
	if s.Sessions != SessionsShared {
		return ""
	}
	return path.Join(s.state(), "sessions")
}

// sessionSettings are the settings of php.ini for the sessions. A session is a file
// that PHP locks while a request uses it, on a volume as well as on a disk. Debian
// leaves it to a timer to remove old ones, which knows nothing of the volume.
func (s Spec) sessionSettings() map[string]string {
	if s.sessions() == "" {
		return nil
	}
	return map[string]string{
		"session.save_handler": "files", "session.save_path": s.sessions(), "session.gc_probability": "1", "session.gc_divisor": "1000",
	}
}

// mountOptions are the options that the volume is mounted with. PHP locks a session,
// reads its size and then so much of it. The kernel remembers sizes for a second, and
// the client small files for as long: measured with three clients and the options of
// the web profile, 67 of 301 changes that requests of one session made at the same
// time on all of them were lost, and none with these options.
func (s Spec) mountOptions() string {
	options := s.Mount.options()
	if s.sessions() != "" {
		options += ",attribute-timeout=0,entry-timeout=0,xlator-option=*-quick-read.cache-timeout=0"
	}
	return options
}

func (v *validation) sessions(s Spec) {
	switch s.Sessions {
	case SessionsLocal:
	case SessionsShared:
		if s.Mount == nil || !s.php() {
			v.add("sessions cannot be shared without PHP and a volume that all nodes mount", "sessions")
		}
		if s.Mount != nil && strings.Contains(s.Mount.Options, "xlator-option=") {
			v.add("the options cannot have an xlator-option beside shared sessions: the client reads one alone", "mount", "options")
		}
		for _, name := range []string{"session.save_handler", "session.save_path"} {
			if _, given := s.PHPSettings[name]; given {
				v.add(name+" contradicts sessions = \"shared\"", "php_settings", name)
			}
		}
	default:
		v.add(fmt.Sprintf("%q is neither \"local\" nor \"shared\"", s.Sessions), "sessions")
	}
}
