// Package glustertest simulates GlusterFS on the machines of package hosttest:
// peers, volumes, bricks and their processes, as far as package gluster asks for
// them or changes them.
package glustertest
