// Package galera is a synchronous, multi-master database cluster: MariaDB with
// Galera, or Percona XtraDB Cluster.
//
// What always holds:
//   - The cluster is bootstrapped once, when every configured node has answered,
//     none has data and none ever had. Everything after that is joining.
//   - Nodes join, restart and leave one at a time, and the next one waits until
//     the cluster is whole again. The holder of a floating IP comes last.
//   - A data directory without our marker is somebody else's and is refused.
//   - Two cluster UUIDs are two histories. They are never merged, and only a user
//     chooses from them.
//   - What a user gives up ([Recovery]) stays on disk beside the data directory, and a
//     node that has it joins with nothing of its own.
//
// What fails how: a node that does not answer keeps its place, and whatever does
// not need it goes on. Without a Primary component nothing is changed except in
// the cases that cannot lose data: the nodes of the last view are all there (they
// are started together and re-form it), all left in order (the last one starts
// first), all were read and have one history (one with the highest position starts
// first), and one node alone has data.
package galera
