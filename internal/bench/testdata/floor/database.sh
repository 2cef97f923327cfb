# A database after its packages. $1: its name; $2: its address; $3: its priority
# for the floating IP; $4: all addresses; $5 and $6: its peers; $7: the floating IP.
set -e
mkdir -p /etc/systemd/system/mariadb.service.d /etc/keepalived /usr/local/lib/floor
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nTimeoutStartSec=6h\nRestart=on-failure\nRestartSec=5s\n' >/etc/systemd/system/mariadb.service.d/floor.conf
cat >/etc/mysql/mariadb.conf.d/70-floor.cnf <<end
[mysqld]
bind_address = *
default_storage_engine = InnoDB
binlog_format = ROW
innodb_autoinc_lock_mode = 2
innodb_flush_log_at_trx_commit = 1
wsrep_provider = /usr/lib/galera/libgalera_smm.so
wsrep_cluster_name = floor
wsrep_cluster_address = gcomm://$4
wsrep_node_name = $1
wsrep_node_address = $2
wsrep_sst_method = mariabackup
wsrep_sst_auth = mysql:
wsrep_on = ON
innodb_buffer_pool_size = 512M
wsrep_provider_options = "gcache.recover=yes"
end
useradd --system --user-group --no-create-home --shell /usr/sbin/nologin keepalived_script
cat >/usr/local/lib/floor/check <<'end'
#!/bin/sh
answer=$(timeout 1 mariadb --no-defaults --user=keepalived_script -N -B -e "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state', 'wsrep_cluster_status', 'wsrep_ready')" | sort | cut -f2 | tr '\n' ' ')
[ "$answer" = 'Primary 4 ON ' ]
end
chmod 755 /usr/local/lib/floor/check
cat >/etc/keepalived/keepalived.conf <<end
global_defs {
    enable_script_security
    script_user keepalived_script
    vrrp_check_unicast_src
}
vrrp_script check {
    script "/usr/local/lib/floor/check"
    interval 2
    timeout 2
    fall 2
    rise 2
}
vrrp_instance floor {
    state BACKUP
    nopreempt
    interface eth1
    virtual_router_id 10
    priority $3
    advert_int 1
    unicast_src_ip $2
    unicast_peer {
        $5
        $6
    }
    virtual_ipaddress {
        $7 dev eth1
    }
    track_script {
        check
    }
}
end
nft -f - <<end
table inet floor {
    chain input {
        type filter hook input priority -10; policy accept;
        iifname "eth1" ip protocol 112 ip saddr != { $5, $6 } drop
    }
}
end
systemctl daemon-reload
systemctl enable --quiet mariadb keepalived
