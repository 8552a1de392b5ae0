//! Which addresses Writ may call: those that are nobody's inside. RFC 6890 and the IANA special-purpose registries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `address` belongs to the public internet.
///
/// Refuses every special-purpose range, also where the registry calls it globally reachable (AS112, AMT): no
/// document lives there, and a range nobody needs is one less to argue about. An address that only wraps an IPv4
/// address (IPv4-mapped, NAT64) is judged by what it wraps.
pub fn is_public(address: IpAddr) -> bool {
    match canonical(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// The address without its IPv4-mapped coat: `::ffff:a.b.c.d` is `a.b.c.d` to the system that connects.
pub(super) fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Network and prefix length.
const SPECIAL_V4: [(Ipv4Addr, u32); 19] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),        // "this network", RFC 791
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier-grade NAT, RFC 6598; holds Alibaba's metadata address
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback, RFC 1122
    (Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's wire server: public by number, metadata by use
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, RFC 3927; holds most clouds' metadata address
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // IETF protocol assignments, RFC 6890; holds Oracle's metadata address
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // TEST-NET-1, RFC 5737
    (Ipv4Addr::new(192, 31, 196, 0), 24),  // AS112, RFC 7535
    (Ipv4Addr::new(192, 52, 193, 0), 24),  // AMT, RFC 7450
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relay, RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private, RFC 1918
    (Ipv4Addr::new(192, 175, 48, 0), 24),  // AS112, RFC 7534
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarking, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // TEST-NET-2, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // TEST-NET-3, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast, RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved and broadcast, RFC 1112, RFC 919
];

/// Inside 2000::/3, the only space IANA has opened for global unicast.
const SPECIAL_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // IETF assignments: Teredo, ORCHID, benchmarking, AMT …
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation, RFC 3849
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, RFC 3056: wraps any IPv4 address
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112, RFC 7534
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation, RFC 9637
];

const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|&(network, length)| {
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        u32::from(address) & mask == u32::from(network)
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // RFC 6052 §2.1: the well-known prefix carries the IPv4 address in its last 32 bits. On a network that has
    // only IPv6, this is how every IPv4 site looks, so it is unwrapped and not refused outright.
    if within(address, NAT64) {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    within(address, GLOBAL_UNICAST) && !SPECIAL_V6.iter().any(|&range| within(address, range)) && !is_isatap(address)
}

fn within(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    u128::from(address) & mask == u128::from(network)
}

/// RFC 5214 §6.1: an interface identifier of `::0:5efe:a.b.c.d` (or `::200:5efe:…`) is an IPv4 tunnel.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [_, _, _, _, flags, kind, _, _] = address.segments();
    kind == 0x5efe && matches!(flags, 0 | 0x200)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap_or_else(|e| panic!("{text}: {e}")))
    }

    /// First and last address of each range, then a neighbour on each side that is public ("" where there is none).
    #[rustfmt::skip]
    const RANGES: [(&str, &str, &str, &str); 36] = [
        ("0.0.0.0",         "0.255.255.255",    "",                "1.0.0.0"),
        ("10.0.0.0",        "10.255.255.255",   "9.255.255.255",   "11.0.0.0"),
        ("100.64.0.0",      "100.127.255.255",  "100.63.255.255",  "100.128.0.0"),
        ("100.100.100.200", "100.100.100.200",  "",                ""),
        ("127.0.0.0",       "127.255.255.255",  "126.255.255.255", "128.0.0.0"),
        ("168.63.129.16",   "168.63.129.16",    "168.63.129.15",   "168.63.129.17"),
        ("169.254.0.0",     "169.254.255.255",  "169.253.255.255", "169.255.0.0"),
        ("169.254.169.254", "169.254.170.2",    "",                ""),
        ("172.16.0.0",      "172.31.255.255",   "172.15.255.255",  "172.32.0.0"),
        ("192.0.0.0",       "192.0.0.255",      "191.255.255.255", "192.0.1.0"),
        ("192.0.2.0",       "192.0.2.255",      "192.0.1.255",     "192.0.3.0"),
        ("192.31.196.0",    "192.31.196.255",   "192.31.195.255",  "192.31.197.0"),
        ("192.52.193.0",    "192.52.193.255",   "192.52.192.255",  "192.52.194.0"),
        ("192.88.99.0",     "192.88.99.255",    "192.88.98.255",   "192.88.100.0"),
        ("192.168.0.0",     "192.168.255.255",  "192.167.255.255", "192.169.0.0"),
        ("192.175.48.0",    "192.175.48.255",   "192.175.47.255",  "192.175.49.0"),
        ("198.18.0.0",      "198.19.255.255",   "198.17.255.255",  "198.20.0.0"),
        ("198.51.100.0",    "198.51.100.255",   "198.51.99.255",   "198.51.101.0"),
        ("203.0.113.0",     "203.0.113.255",    "203.0.112.255",   "203.0.114.0"),
        ("224.0.0.0",       "239.255.255.255",  "223.255.255.255", ""),
        ("240.0.0.0",       "255.255.255.255",  "",                ""),
        // ::, ::1 and the IPv4-compatible ::/96
        ("::",              "::ffff:ffff",      "",                ""),
        ("::ffff:10.0.0.0", "::ffff:10.255.255.255", "::ffff:9.255.255.255", "::ffff:11.0.0.0"),
        ("64:ff9b::10.0.0.0", "64:ff9b::10.255.255.255", "64:ff9b::9.255.255.255", "64:ff9b::11.0.0.0"),
        ("64:ff9b:1::",     "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "", ""),
        ("100::",           "100::ffff:ffff:ffff:ffff", "",        ""),
        ("2001::",          "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff::1", "2001:200::"),
        ("2001:db8::",      "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff::1", "2001:db9::"),
        ("2002::",          "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff:ffff::1", "2003::"),
        ("2620:4f:8000::",  "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:7fff::1", "2620:4f:8001::"),
        ("3fff::",          "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff::1", "3fff:1000::"),
        ("5f00::",          "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
        ("fc00::",          "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
        ("fe80::",          "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
        ("fec0::",          "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
        ("ff00::",          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
    ];

    #[test]
    fn case_31_every_special_range_is_refused_to_its_edges_and_no_further() {
        for (first, last, before, after) in RANGES {
            assert!(!public(first), "{first}");
            assert!(!public(last), "{last}");
            for neighbour in [before, after] {
                assert!(neighbour.is_empty() || public(neighbour), "{neighbour}");
            }
        }
    }

    #[test]
    fn case_31_an_inside_address_in_a_coat_is_an_inside_address() {
        for text in [
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::8.8.8.8",
            "2002:7f00:1::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2a00:1450::5efe:10.0.0.1",
            "2a00:1450:4001:80b:200:5efe:10.0.0.1",
            "fd00:ec2::254",
            "fe80::1",
            "1fff:ffff::1",
            "4000::1",
        ] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn sites_people_visit_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "2606:4700::6810:84e5",
            "2a00:1450:4001:80b::200e",
            "64:ff9b::808:808",
        ] {
            assert!(public(text), "{text}");
        }
    }
}
