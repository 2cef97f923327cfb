// Package disk puts the data of a node on a block device of its own: it looks at
// the device, makes a file system on one that is blank, mounts it where the data
// belongs and lets it grow with the device.
//
// A device is formatted only if nothing on it was ever written, as far as can be
// seen; the file system that is made carries an identity from which node and
// cluster follow, so that another node's, or anybody's, is never mounted in its
// place. Whatever else there is on a device is a refusal with evidence.
package disk
