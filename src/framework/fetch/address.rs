//! Which addresses a fetch may connect to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::Host;

/// Hosts and networks that may be fetched from although their addresses are not public. Empty by default:
/// only public addresses, as production wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchAllow {
    hosts: Vec<String>,
    networks: Vec<IpNet>,
}

/// An entry of the list is neither a host nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{entry:?} is neither a host, an address, a network (10.1.0.0/16) nor the word loopback")]
pub struct InvalidFetchAllow {
    entry: String,
}

impl FetchAllow {
    /// This machine: `127.0.0.0/8` and `::1`. The default of development and tests.
    pub fn loopback() -> Self {
        let v4 = IpNet::V4(v4(Ipv4Addr::new(127, 0, 0, 0), 8));
        let v6 = IpNet::V6(v6(Ipv6Addr::LOCALHOST, 128));
        Self { hosts: Vec::new(), networks: vec![v4, v6] }
    }

    /// Reads a comma-separated list of hosts, addresses, networks and the word `loopback`, as in
    /// `ORION_FETCH_ALLOW`. Empty entries are skipped. A host opens whatever addresses its name has, but not
    /// its subdomains. A network opens its addresses under whatever name.
    pub fn parse(text: &str) -> Result<Self, InvalidFetchAllow> {
        let mut allow = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            if entry.eq_ignore_ascii_case("loopback") {
                allow.networks.extend(Self::loopback().networks);
            } else if let Ok(network) = entry.parse::<IpNet>() {
                allow.networks.push(network.trunc());
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                allow.networks.push(address.into());
            } else {
                match Host::parse(entry) {
                    Ok(Host::Domain(name)) => allow.hosts.push(without_root_dot(&name).to_owned()),
                    Ok(Host::Ipv4(address)) => allow.networks.push(IpAddr::V4(address).into()),
                    Ok(Host::Ipv6(address)) => allow.networks.push(IpAddr::V6(address).into()),
                    Err(_) => return Err(InvalidFetchAllow { entry: entry.to_owned() }),
                }
            }
        }
        Ok(allow)
    }

    pub(super) fn covers_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|allowed| allowed == without_root_dot(host))
    }

    /// Whether a connection to `address` is allowed: it is public, or in an opened network.
    pub(super) fn permits(&self, address: IpAddr) -> bool {
        is_public(address) || self.networks.iter().any(|network| network.contains(&address))
    }
}

fn without_root_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

const fn v4(address: Ipv4Addr, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(address, prefix)
}

const fn v6(address: Ipv6Addr, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(address, prefix)
}

/// From the IANA IPv4 special-purpose address registry (RFC 6890 and its updates).
const NOT_PUBLIC_V4: [Ipv4Net; 16] = [
    v4(Ipv4Addr::new(0, 0, 0, 0), 8),        // "this network", unspecified
    v4(Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    v4(Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier-grade NAT
    v4(Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    v4(Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's metadata service, on a public address (Azure)
    v4(Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, metadata services
    v4(Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    v4(Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments
    v4(Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    v4(Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays
    v4(Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    v4(Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    v4(Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    v4(Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    v4(Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    v4(Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved, broadcast
];

/// All that is public in IPv6 lies in here. Outside are the unspecified and loopback addresses, IPv4-mapped
/// and compatible ones, NAT64, discard, unique-local, link-local, site-local and multicast.
const GLOBAL_UNICAST: Ipv6Net = v6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What the IANA IPv6 special-purpose address registry takes out of [`GLOBAL_UNICAST`].
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocols: Teredo, benchmarks, ORCHID
    v6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    v6(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, which embeds any IPv4 address
    v6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_UNICAST.contains(&address)
                && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn special_addresses_are_not_public() {
        let special = [
            ("unspecified", &["0.0.0.0", "0.1.2.3", "::"][..]),
            ("loopback", &["127.0.0.1", "127.255.255.254", "::1"]),
            ("private", &["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"]),
            ("carrier-grade NAT", &["100.64.0.0", "100.127.255.255", "100.100.100.200"]),
            ("link-local", &["169.254.0.1", "169.254.169.254", "fe80::1", "febf::1"]),
            ("metadata", &["168.63.129.16", "192.0.0.192", "fd00:ec2::254"]),
            ("unique-local", &["fc00::1", "fdff:ffff::1"]),
            ("site-local", &["fec0::1"]),
            ("documentation", &["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1", "3fff::1"]),
            ("benchmark", &["198.18.0.1", "198.19.255.255", "2001:2::1"]),
            ("multicast", &["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"]),
            ("reserved", &["240.0.0.1", "255.255.255.254", "4000::1", "100::1", "5f00::1"]),
            ("broadcast", &["255.255.255.255"]),
            ("mapped", &["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:0"]),
            ("compatible", &["::127.0.0.1", "::8.8.8.8"]),
            ("translated", &["::ffff:0:127.0.0.1"]),
            ("NAT64", &["64:ff9b::7f00:1", "64:ff9b:1::1"]),
            ("6to4", &["2002:7f00:1::", "2002:808:808::1", "192.88.99.1"]),
            ("Teredo", &["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"]),
        ];
        for (class, addresses) in special {
            for address in addresses {
                assert!(!FetchAllow::default().permits(ip(address)), "{class} {address}");
            }
        }
    }

    #[test]
    fn public_addresses_are_permitted_up_to_the_edges() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "2003::1",
            "3ffe::1",
        ];
        for address in public {
            assert!(FetchAllow::default().permits(ip(address)), "{address}");
        }
    }

    #[test]
    fn a_list_opens_networks_and_hosts() {
        let allow = FetchAllow::parse(" 10.1.2.3/16, ::1 ,,Feeds.Example.com., 192.168.7.7").unwrap();
        for address in ["10.1.0.0", "10.1.255.255", "::1", "192.168.7.7", "8.8.8.8"] {
            assert!(allow.permits(ip(address)), "{address}");
        }
        for address in ["10.2.0.0", "127.0.0.1", "192.168.7.8", "::ffff:10.1.2.3"] {
            assert!(!allow.permits(ip(address)), "{address}");
        }
        assert!(allow.covers_host("feeds.example.com") && allow.covers_host("feeds.example.com."));
        assert!(!allow.covers_host("example.com") && !allow.covers_host("a.feeds.example.com"));
    }

    #[test]
    fn loopback_is_a_word() {
        assert_eq!(FetchAllow::parse("loopback").unwrap(), FetchAllow::loopback());
        let allow = FetchAllow::loopback();
        assert!(allow.permits(ip("127.8.9.1")) && allow.permits(ip("::1")));
        assert!(!allow.permits(ip("::ffff:127.0.0.1")) && !allow.permits(ip("10.0.0.1")));
    }

    #[test]
    fn an_empty_list_opens_nothing() {
        assert_eq!(FetchAllow::parse(" , ").unwrap(), FetchAllow::default());
        assert!(!FetchAllow::default().covers_host(""));
    }

    #[test]
    fn other_entries_are_refused() {
        for entry in ["10.0.0.0/33", "host:80", "http://host", "a b", "*.example.com/", "::g"] {
            let error = FetchAllow::parse(&format!("loopback,{entry}")).unwrap_err();
            assert!(error.to_string().contains(entry), "{error}");
        }
    }
}
