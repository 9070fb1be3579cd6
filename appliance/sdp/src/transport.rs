//! What carries a media section: the third word of its m= line (RFC 8866 §5.14, IANA "proto").

/// The transport of a media section, as far as the box must tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `RTP/AVP`: plain RTP (RFC 3551).
    RtpAvp,
    /// `RTP/AVPF`: with early feedback (RFC 4585).
    RtpAvpf,
    /// `RTP/SAVP`: SRTP with keys in the description (RFC 3711, RFC 4568).
    RtpSavp,
    /// `RTP/SAVPF`: both (RFC 5124).
    RtpSavpf,
    /// `UDP/TLS/RTP/SAVP`: SRTP with keys by DTLS (RFC 5764).
    DtlsSavp,
    /// `UDP/TLS/RTP/SAVPF`: the same with early feedback.
    DtlsSavpf,
    /// `udptl`: T.38 fax (ITU-T T.38 annex D, RFC 3362).
    Udptl,
    /// `udp`, `UDP/BFCP`, `UDP/DTLS/SCTP` and whatever else is one UDP port.
    Udp,
    /// `TCP`, `TCP/MSRP`, `TCP/TLS/BFCP` and whatever else is a TCP connection (RFC 4145).
    Tcp,
    /// A transport the box does not know.
    Other,
}

impl Transport {
    pub(crate) fn of(token: &str) -> Self {
        let known = KNOWN.iter().find(|(name, _)| token.eq_ignore_ascii_case(name));
        if let Some((_, transport)) = known {
            return *transport;
        }
        match token.split('/').next() {
            Some(first) if first.eq_ignore_ascii_case("udp") => Self::Udp,
            Some(first) if first.eq_ignore_ascii_case("tcp") => Self::Tcp,
            _ => Self::Other,
        }
    }

    /// Whether datagrams carry it, so that the box can relay it; anything else is refused with port 0.
    pub fn is_udp(self) -> bool {
        !matches!(self, Self::Tcp | Self::Other)
    }

    /// Whether it is RTP, with RTCP beside it and payload types as formats.
    pub fn is_rtp(self) -> bool {
        !matches!(self, Self::Udptl | Self::Udp | Self::Tcp | Self::Other)
    }

    /// Whether it is SRTP.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::RtpSavp | Self::RtpSavpf | Self::DtlsSavp | Self::DtlsSavpf)
    }
}

const KNOWN: [(&str, Transport); 7] = [
    ("RTP/AVP", Transport::RtpAvp),
    ("RTP/AVPF", Transport::RtpAvpf),
    ("RTP/SAVP", Transport::RtpSavp),
    ("RTP/SAVPF", Transport::RtpSavpf),
    ("UDP/TLS/RTP/SAVP", Transport::DtlsSavp),
    ("UDP/TLS/RTP/SAVPF", Transport::DtlsSavpf),
    ("udptl", Transport::Udptl),
];

#[cfg(test)]
mod tests {
    use super::Transport;

    #[test]
    fn only_what_datagrams_carry_is_relayed() {
        for token in ["RTP/AVP", "rtp/savpf", "UDPTL", "udp", "UDP/BFCP", "UDP/TLS/UDPTL"] {
            assert!(Transport::of(token).is_udp(), "{token}");
        }
        for token in ["TCP", "TCP/MSRP", "tcp/TLS/BFCP", "TCP/RTP/AVP", "SCTP", "RTP/NEW", ""] {
            assert!(!Transport::of(token).is_udp(), "{token}");
        }
    }
}
