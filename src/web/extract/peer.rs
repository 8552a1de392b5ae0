//! Which address asks. Attack case 48.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;

use crate::app::App;

/// The peer's own address; or, if the peer is a trusted proxy, the nearest address in `X-Forwarded-For` that is not one.
///
/// Read from the right: what stands further left was written by whoever is to be found out. One malformed entry ends the
/// search, and no more than a few are looked at.
pub(crate) fn peer(app: &App, request: &HttpRequest) -> IpAddr {
    let own = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical());
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    nearest(own, forwarded.collect::<Vec<_>>().join(",").as_str(), |address| app.config.trusts(address))
}

const MOST_HOPS: usize = 16;

fn nearest(own: IpAddr, forwarded: &str, trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut nearest = own;
    for hop in forwarded.rsplit(',').take(MOST_HOPS) {
        if !trusted(nearest) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => nearest = address.to_canonical(),
            Err(_) => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_48_only_a_trusted_proxy_is_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxy = ip("10.0.0.1");
        let trusted = |address: IpAddr| address == proxy || address == ip("10.0.0.2");
        assert_eq!(nearest(ip("203.0.113.9"), "198.51.100.1", trusted), ip("203.0.113.9"), "an untrusted peer");
        assert_eq!(nearest(proxy, "198.51.100.1", trusted), ip("198.51.100.1"));
        assert_eq!(nearest(proxy, "1.1.1.1, 198.51.100.1", trusted), ip("198.51.100.1"), "the left is hearsay");
        assert_eq!(nearest(proxy, "198.51.100.1, 10.0.0.2", trusted), ip("198.51.100.1"), "two proxies");
        // As fly.io's proxy writes it: the visitor, and last the address of the application itself.
        let fly = |address: IpAddr| address == ip("172.19.1.1") || address == ip("66.241.124.9");
        assert_eq!(nearest(ip("172.19.1.1"), "6.6.6.6, 77.97.0.98, 66.241.124.9", fly), ip("77.97.0.98"));
        for bad in ["", "x", "198.51.100.1:80", "127.0.0.1, nonsense", ","] {
            assert_eq!(nearest(proxy, bad, trusted), proxy, "{bad}");
        }
        let long = vec!["10.0.0.2"; 10_000].join(",");
        assert_eq!(nearest(proxy, &long, trusted), ip("10.0.0.2"));
    }
}
