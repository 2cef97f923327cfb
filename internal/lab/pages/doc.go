// Package pages measures how fast a site makes pages that no cache has: those of its volume,
// beside the same files on the local disks of its web servers. Both are asked for through the
// NodeBalancer, in turns. What it puts on the web servers for that is taken away again.
package pages
