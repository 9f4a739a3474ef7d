//! Where a node can be reached.
//!
//! Guarantees the form `host:port`. Leaves to others whether anybody answers there, and whether it is who it says.

use std::fmt;

use crate::rejection::Rejection;

/// Longest endpoint, in bytes. [KEY-11]
const MAX_ENDPOINT: usize = 255;
const MAX_HOST_LABEL: usize = 63;

/// `host:port`: a DNS name, an IPv4 address, or an IPv6 address in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint(String);

impl Endpoint {
    /// From its text. [KEY-11]
    ///
    /// # Errors
    /// [`Rejection::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let (host, port) = text.rsplit_once(':').ok_or(Rejection::Malformed)?;
        if text.len() <= MAX_ENDPOINT && is_host(host) && is_port(port) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rejection::Malformed)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address),
        None => host.split('.').all(is_host_label),
    }
}

fn is_host_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_HOST_LABEL).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_endpoints() {
        for good in ["shelter.example.org:7400", "127.0.0.1:1", "[::1]:65535", "xn--kua-0pa.example:7400"] {
            assert_eq!(Endpoint::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("{}example:1", "a.".repeat(130));
        for bad in [
            "",
            ":1",
            "host",
            "host:",
            "host:0",
            "host:65536",
            "host:01",
            "host:+1",
            "HOST:1",
            "a b:1",
            "a..b:1",
            "-a:1",
            "a-:1",
            "::1:7400",
            "[::0001]:1",
            "[fe80::1%eth0]:1",
            "https://host:1",
            "kuća:1",
            "a\n:1",
            &long,
        ] {
            assert_eq!(Endpoint::parse(bad), Err(Rejection::Malformed), "{bad}");
        }
    }
}
