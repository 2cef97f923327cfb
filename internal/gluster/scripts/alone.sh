# alone reports whether glusterd has neither peers nor volumes.
alone() { [ -z "$(find /var/lib/glusterd/vols /var/lib/glusterd/peers -mindepth 1 -maxdepth 1 -print -quit 2>/dev/null)" ]; }
