// Package image builds the images that the lab's machines and balancers start
// from, once, and finds them again.
//
// An image is known by a hash of everything that it is built from, kept as a
// label on the image, so a changed input is a new image and an unchanged one is
// never built twice. A build runs in a container that is committed only after
// its last step, so a half-built image cannot be found.
//
// There are images of Debian 12 and of Debian 13, and those of a release are built when
// they are first asked for. What differs between releases is data: see [Release].
//
// The machine image is a Debian as a new Linode has it: systemd, sshd and
// little else. The packages that tiers install are not installed in it; they
// lie in a local package archive, so that the real installation path runs,
// offline and in seconds.
package image
