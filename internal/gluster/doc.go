// Package gluster is the file tier: one GlusterFS volume, replicated over the
// disks of several machines, and the trusted pool that carries it.
//
// A machine runs glusterd (the management daemon), one brick process per volume
// (the data path) and a self-heal daemon. The volume's definition is replicated
// to every member of the pool; the data lies in brick directories as plain files
// with trusted.* extended attributes.
//
// Invariants the package keeps:
//   - a set of replicas never has two bricks on one machine, and keeps a majority
//     when it loses one: the number of replicas is odd, and 3 with an arbiter;
//   - a brick directory that holds anything is used only if this resource made it
//     (its marker lies on the machine); "force" is added to a create only for the
//     root partition, after the package's own checks;
//   - the command line's exit status is never trusted: it is 0 for failures too.
//     The verdict is opRet of its XML, and output without XML is a failure;
//   - the pool's transactions run one at a time and only while every peer is
//     connected, because one that meets a silently lost peer hangs for two
//     minutes and leaves its lock behind. The only exception brings a dead brick
//     back on a machine that answers.
//
// Failure model: one machine of a set of three may stop, hang or vanish. Its
// bricks' share is written by the others and healed when it is back; what is
// still to be healed is visible in [Status] and is not drift, since nothing but
// time repairs it; it is waited for only before glusterd of a server is restarted. With a majority of a set gone, clients get errors until it
// returns; nothing here overrides that.
//
// glusterd.vol and the drop-in of its unit belong to the pool, not to a volume:
// several volumes on the same machines share them, and all use the same range of
// brick ports.
//
// A machine that was rebuilt at its address, and one whose disk was replaced, are
// taken in again and filled by the others, as long as all others of the set are
// there and have nothing to be healed among themselves (see sick.go, rejoin.go and
// remake.go). What only a person can cure is told by [Notices]; it is no drift,
// and refuses nothing that does not need it.
//
// A volume on its way from one set of machines to another is looked after as it is: the
// specification with the nodes whose bricks it has (see transition.go). Only when nothing
// else is left to be done one change follows the other (change.go): a brick moves to the
// machine that takes another one's place (replace.go), machines without a brick leave
// the pool (gone.go), sets come (grow.go), files are spread over them, and sets whose
// files were moved off go (shrink.go). Moving files is a task of glusterd, which goes on
// without an apply and is found by the next one (task.go). Bricks are taken out only
// when nothing is left on them: never with "remove-brick force".
package gluster
