/** Corefiles of the shapes that are in use: clusters, nodes, homes, offices. Each is this project's own. */

/** By what they are for. */
export const IN_USE: Readonly<Record<string, string>> = {
  'a cache on each node of a cluster': `cluster.local:0 {
    errors
    cache {
        success 9984 30
        denial 9984 5
    }
    reload
    loop
    bind 127.0.0.1
    forward . 127.0.0.1:5399 {
        force_tcp
    }
    prometheus 127.0.0.1:0
    health 127.0.0.1:0
}
in-addr.arpa:0 ip6.arpa:0 {
    errors
    cache 30
    reload
    loop
    bind 127.0.0.1
    forward . 127.0.0.1:5399 {
        force_tcp
    }
    prometheus 127.0.0.1:0
}
.:0 {
    errors
    cache 30
    reload
    loop
    bind 127.0.0.1
    forward . /etc/resolv.conf
    prometheus 127.0.0.1:0
}
`,
  'a cluster without its own plugin': `.:0 {
    errors
    health 127.0.0.1:0 {
        lameduck 5s
    }
    ready 127.0.0.1:0
    hosts hosts.good {
        ttl 60
        reload 15s
        fallthrough
    }
    prometheus 127.0.0.1:0
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
    import none/*.override
}
import none/*.server
`,
  'stub domains': `(common) {
    errors
    cache 30
    loadbalance round_robin
}
corp.example:0 internal.example:0 {
    import common
    forward . 10.0.0.10 10.0.0.11 {
        policy sequential
        max_fails 2
        expire 10s
        health_check 5s
    }
}
.:0 {
    import common
    forward . 192.0.2.53
    log . "{remote} {type} {name} {rcode}" {
        class denial error
    }
}
`,
  'a home with a list of what is not wanted': `.:0 {
    bind 127.0.0.1
    hosts hosts.good {
        0.0.0.0 ads.example tracker.example
        no_reverse
        ttl 3600
        fallthrough
    }
    template IN AAAA {
        match "^ads\\.example\\.$"
        rcode NXDOMAIN
        fallthrough
    }
    forward . tls://192.0.2.1 tls://192.0.2.2 {
        tls_servername dns.example
        health_check 5s
        prefer_udp
    }
    cache 3600 {
        prefetch 10 1m 10%
        serve_stale 1h
    }
    errors {
        consolidate 5m ".* i/o timeout$" warning
        consolidate 30s "^Failed to .+"
    }
}
`,
  'a split horizon': `example.org:0 {
    bind 127.0.0.1
    acl {
        allow net 10.0.0.0/8 192.168.0.0/16 127.0.0.0/8
        block
    }
    file db.good example.org {
        reload 30s
    }
    log
}
example.org:0 {
    bind ::1
    file db.good example.org
    any
}
`,
  'services under other names': `.:0 {
    rewrite name regex (.*)\\.lab\\.test {1}.example.org answer auto
    rewrite stop {
        name suffix .old.test .example.org answer auto
    }
    rewrite stop type ANY A
    file db.good example.org {
        fallthrough
    }
    template IN A ip.test {
        match ^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)-(?P<c>[0-9]+)-(?P<d>[0-9]+)[.]ip[.]test[.]$
        answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
        fallthrough
    }
    forward . 192.0.2.54 192.0.2.53
    bufsize 1232
}
`,
  'encrypted to clients': `(served) {
    tls cert.pem key.pem
    cache
    forward . 192.0.2.53
}
tls://.:0 {
    import served
    timeouts {
        idle 60s
    }
}
https://.:0 {
    import served
    timeouts {
        idle 60s
    }
}
`,
  'many sockets': `.:0 {
    multisocket 4
    nsid node-1
    whoami
    prometheus 127.0.0.1:0
}
`,
};
