package api

const backupsBeyond = "published, and not in the part of the document that is kept here"

// backupRoutes switch Linode's backups, which are recorded and not made.
func (s *Server) backupRoutes() []route {
	const below = "/linode/instances/{linodeId}/backups"
	return []route{
		{method: "POST", path: below + "/enable", beyond: backupsBeyond, handler: s.switchBackups(true)},
		{method: "POST", path: below + "/cancel", beyond: backupsBeyond, handler: s.switchBackups(false)},
	}
}

func (s *Server) switchBackups(on bool) func(*call) (any, error) {
	return func(c *call) (any, error) {
		i, err := s.instance(c)
		if err != nil {
			return nil, err
		}
		if !on && !i.Backups {
			return nil, invalid("", "Backups are not enabled for Linode %d", i.ID)
		}
		i.Backups = on
		action := map[bool]string{true: "backups_enable", false: "backups_cancel"}[on]
		s.notify(action, i.entity())
		return none{}, nil
	}
}
