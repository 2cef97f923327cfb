// Package ssh is how a machine is reached: connections with host keys that are
// checked, any number of bastions, one connection per machine shared by all
// commands, and errors that say by type whether the machine was not there
// ([UnreachableError]), did not let us in ([AuthError], [SudoError]) or was
// not the machine we know ([HostKeyError]).
//
// The package starts no program and reads no file: keys and known hosts are
// content. A [Pool] holds the connections of one run; a [Client] is one machine.
package ssh
